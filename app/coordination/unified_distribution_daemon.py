"""The runbook's questions about a distribution, for programs; the daemon itself is services/distribution/daemon.py."""

from __future__ import annotations

import asyncio
import re

from ringrift_client import FrontDoor, FrontDoorError

from shared.contract.configuration import Configuration


def check_model_availability(model_name: str) -> dict[str, bool]:
    """Whether each node holds the canonical version of `canonical_hex8_2p.pth`'s configuration, by its own report.

    FrontDoorError when that is not known: the distribution cannot be asked, or nothing was promoted.
    """
    configuration = _configuration(model_name)
    with FrontDoor.from_environment() as door:
        distribution = door.status()["model_distribution"]
    known = distribution.get("configurations", {}).get(configuration)
    if known is None:
        raise FrontDoorError(distribution.get("detail") or f"no version of {configuration} is being distributed")
    nodes = known["nodes"]
    return {name: node["state"] == "delivered" and node.get("holds") in ("ok", None) for name, node in nodes.items()}


async def wait_for_model_distribution(model_name: str, timeout: float = 300) -> list[str]:  # noqa: ASYNC109 - named so by the runbook
    """Wait until every node holds the canonical version; returns the nodes. FrontDoorError after `timeout` seconds."""
    return await asyncio.to_thread(_wait, _configuration(model_name), timeout)


def _wait(configuration: str, seconds: float) -> list[str]:
    with FrontDoor.from_environment() as door:
        version: int = door.canonical(configuration)["version"]
        return door.wait_for_distribution(configuration, version, seconds, lambda _: None)


def _configuration(model_name: str) -> str:
    match = re.fullmatch(r"(?:.*/)?(?:canonical|ringrift_best)_([\w~-]+)\.pth", model_name)
    if match is None:
        raise ValueError(f"{model_name!r} names no canonical model; give a name such as canonical_hex8_2p.pth")
    return str(Configuration.parse(match.group(1)))
