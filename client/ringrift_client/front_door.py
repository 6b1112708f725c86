"""The suite's front door, the promotion service, as programs and the command line use it. It asks and reads; it decides nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ringrift_client.environment import key_for
from ringrift_client.errors import FrontDoorError
from ringrift_client.transport import Transport
from ringrift_client.waiting import NotYetError, wait_until

PROMOTION_URL = "http://127.0.0.1:8770"
GAUNTLET_URL = "http://127.0.0.1:8771"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a request. `state`: promoted, refused or failed (it could not be evaluated); `verdict`: of the games."""

    state: str
    reason: str
    configuration: str
    verdict: str | None = None
    version: int | None = None
    code: str | None = None
    decision_id: str | None = None

    @property
    def passed(self) -> bool:
        """Whether the model passed every gate, promoted or not."""
        return self.verdict == "passed"


class FrontDoor:
    """One operator's connection; use as a context manager. `gauntlet_url` is asked for progress only, and may be away; it gets
    `gauntlet_key`, or the same key if there is no other."""

    def __init__(
        self, url: str, api_key: str | None = None, gauntlet_url: str = GAUNTLET_URL, gauntlet_key: str | None = None
    ) -> None:
        self._promotion, self._gauntlet = Transport(url, api_key), Transport(gauntlet_url, gauntlet_key or api_key)

    @classmethod
    def from_environment(cls) -> FrontDoor:
        """The front door that RINGRIFT_PROMOTION_URL names, with the key in RINGRIFT_PROMOTION_KEY or RINGRIFT_API_KEY, or in the
        file that one of them with _FILE at its end names."""
        url, gauntlet_url = os.environ.get("RINGRIFT_PROMOTION_URL"), os.environ.get("RINGRIFT_GAUNTLET_URL")
        return cls(url or PROMOTION_URL, key_for("promotion"), gauntlet_url or GAUNTLET_URL, key_for("gauntlet"))

    def __enter__(self) -> FrontDoor:
        return self

    def __exit__(self, *_: object) -> None:
        self._promotion.close()
        self._gauntlet.close()

    def ask(self, body: Mapping[str, Any], seen: int | None = None) -> Any:
        """POST /admin/promote; returns the request that was opened. `seen`: the version without which nothing is to be moved."""
        headers = {"Idempotency-Key": str(uuid4())} | ({} if seen is None else {"If-Match": f'"{seen}"'})
        return self._promotion.call("POST", "/admin/promote", json=dict(body), headers=headers)

    def distribute(self, body: Mapping[str, Any], seen: int | None = None) -> Any:
        """POST /admin/distribute-model; returns what is canonical after it. `seen`: the version without which nothing is moved."""
        headers = {} if seen is None else {"If-Match": f'"{seen}"'}
        return self._promotion.call("POST", "/admin/distribute-model", json=dict(body), headers=headers)

    def status(self) -> Any:
        """GET /status."""
        return self._promotion.call("GET", "/status")

    def canonical(self, configuration: str) -> Any:
        """The canonical version of a configuration."""
        return self._promotion.call("GET", f"/v1/configurations/{configuration}/canonical")

    def wait_for_outcome(self, request_id: str, seconds: float, say: Say) -> Outcome:
        """Wait until a request has ended, telling its progress. A service that is away for a while is asked again."""
        path = f"/v1/promotion-requests/{request_id}"

        def ended() -> tuple[Outcome | None, str]:
            request = self._promotion.call("GET", path)
            if request["state"] != "open":
                return self._outcome(request), ""
            say(self._progress(request_id))
            return None, "it is still open"

        try:
            return wait_until(ended, seconds)
        except NotYetError as missing:
            where = f"it goes on: {self._promotion.url}{path}"
            raise NotYetError(f"request {request_id} did not end within {seconds:g} s: {missing}; {where}") from None

    def wait_for_distribution(self, configuration: str, version: int, seconds: float, say: Say) -> list[str]:
        """Wait until every node holds that version or a higher one; returns the nodes. NotYetError names those that lack it."""

        def held() -> tuple[list[str] | None, str]:
            nodes, missing = _reached(self.status()["model_distribution"], configuration, version)
            if nodes is None:
                say(f"distributing version {version}, missing: {missing}")
            return nodes, missing

        try:
            return wait_until(held, seconds)
        except NotYetError as missing:
            raise NotYetError(
                f"version {version} is not on every node after {seconds:g} s: {missing}; delivery goes on"
            ) from None

    def _outcome(self, request: Any) -> Outcome:
        decision_id, key = request["decision_id"], request["configuration"]
        verdict = self._promotion.call("GET", f"/v1/decisions/{decision_id}")["verdict"] if decision_id else None
        version = None
        if request["state"] == "promoted":
            versions = self._promotion.call("GET", f"/v1/configurations/{key}/versions")["items"]
            version = next(each["version"] for each in versions if each["decision_id"] == decision_id)
        code = request.get("code")
        return Outcome(request["state"], request["reason"] or "", key, verdict, version, code, decision_id)

    def _progress(self, request_id: str) -> str:
        try:
            evaluation = self._evaluation(request_id)
        except FrontDoorError:
            return "being evaluated"
        if evaluation is None:
            return "waiting for the gauntlet"
        if evaluation.get("state") != "running":
            return str(evaluation.get("waits_for") or "being judged")
        played = [each for each in evaluation.get("opponents", []) if each.get("games")]
        games = "   ".join(f"{each['opponent']} {each['games']}/{each['games_planned']}" for each in played)
        return f"playing  {games}" if played else "the model is loaded"

    def _evaluation(self, request_id: str) -> Any:
        asked = {"request_id": request_id, "limit": 1}
        found = self._gauntlet.call("GET", "/v1/evaluations", params=asked).get("items")
        return self._gauntlet.call("GET", f"/v1/evaluations/{found[0]['id']}") if found else None


def _reached(distribution: Mapping[str, Any], configuration: str, version: int) -> tuple[list[str] | None, str]:
    """The nodes, once all of them hold the version or a higher one, None until then; and what is missing."""
    found = distribution.get("configurations", {}).get(configuration)
    if found is None or found["version"] < version:
        return None, str(distribution.get("detail") or "its distribution has not begun")
    if found["complete"]:
        return sorted(found["nodes"]), ""
    lacking = {name: node for name, node in sorted(found["nodes"].items()) if node["state"] != "delivered"}
    named = (f"{name} ({node.get('detail') or node['state']})" for name, node in lacking.items())
    return None, ", ".join(named) or "no node is registered"
