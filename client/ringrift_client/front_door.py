"""The promotion service's front door over HTTP, as the command line and programs use it. It asks and reads; it decides nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from shared.contract.configuration import Configuration
from shared.web.keys import authorization

PROMOTION_URL = "http://127.0.0.1:8770"
GAUNTLET_URL = "http://127.0.0.1:8771"
POLL_SECONDS = 0.25
Say = Callable[[str], None]


class FrontDoorError(Exception):
    """The front door refused, or could not be reached in time; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request. `state`: promoted, refused or failed (it could not be evaluated); `verdict`: of the games."""

    state: str
    reason: str
    configuration: Configuration
    verdict: str | None = None
    version: int | None = None

    @property
    def passed(self) -> bool:
        """Whether the model passed every gate, promoted or not."""
        return self.verdict == "passed"


class FrontDoor:
    """One operator's connection; use as a context manager. `gauntlet_url` is asked for progress only, and may be away."""

    def __init__(self, url: str, api_key: str | None = None, gauntlet_url: str = GAUNTLET_URL) -> None:
        self._url, self._gauntlet_url = url.rstrip("/"), gauntlet_url.rstrip("/")
        self._client = httpx.Client(timeout=10, headers=authorization(api_key), trust_env=False)
        self._evaluations: dict[str, str] = {}

    @classmethod
    def from_environment(cls) -> FrontDoor:
        """The front door that RINGRIFT_PROMOTION_URL names, with the key in RINGRIFT_API_KEY."""
        names = ("RINGRIFT_PROMOTION_URL", "RINGRIFT_API_KEY", "RINGRIFT_GAUNTLET_URL")
        url, api_key, gauntlet_url = (os.environ.get(name) for name in names)
        return cls(url or PROMOTION_URL, api_key, gauntlet_url or GAUNTLET_URL)

    def __enter__(self) -> FrontDoor:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, body: Mapping[str, Any]) -> Any:
        """POST /admin/promote; returns the request that was opened."""
        return self._call("POST", "/admin/promote", json=dict(body), headers={"Idempotency-Key": str(uuid4())})

    def status(self) -> Any:
        """GET /status."""
        return self._call("GET", "/status")

    def canonical(self, configuration: str) -> Any:
        """The canonical version of a configuration."""
        return self._call("GET", f"/v1/configurations/{configuration}/canonical")

    def wait_for_outcome(self, request_id: str, seconds: float, say: Say) -> Outcome:
        """Wait until a request has ended, telling its progress. A service that is away for a while is asked again."""
        deadline = time.monotonic() + seconds
        trouble = "it is still open"
        while time.monotonic() < deadline:
            try:
                request = self._call("GET", f"/v1/promotion-requests/{request_id}")
            except FrontDoorError as error:
                trouble = str(error)
            else:
                if request["state"] != "open":
                    return self._outcome(request)
                say(self._progress(request_id))
            time.sleep(POLL_SECONDS)
        raise FrontDoorError(
            f"request {request_id} did not end within {seconds:g} s: {trouble}; "
            f"it goes on: {self._url}/v1/promotion-requests/{request_id}"
        )

    def wait_for_distribution(self, configuration: str, version: int, seconds: float, say: Say) -> list[str]:
        """Wait until every node holds that version or a higher one; returns the nodes. FrontDoorError names those that lack it."""
        deadline = time.monotonic() + seconds
        missing = "nothing is known of its distribution"
        while time.monotonic() < deadline:
            try:
                nodes, missing = _reached(self.status()["model_distribution"], configuration, version)
            except FrontDoorError as error:
                nodes, missing = None, str(error)
            if nodes is not None:
                return nodes
            say(f"distributing version {version}, missing: {missing}")
            time.sleep(POLL_SECONDS)
        raise FrontDoorError(f"version {version} is not on every node after {seconds:g} s: {missing}; delivery goes on")

    def _outcome(self, request: Any) -> Outcome:
        decision_id, key = request["decision_id"], request["configuration"]
        verdict = self._call("GET", f"/v1/decisions/{decision_id}")["verdict"] if decision_id else None
        version = None
        if request["state"] == "promoted":
            versions = self._call("GET", f"/v1/configurations/{key}/versions")["items"]
            version = next(each["version"] for each in versions if each["decision_id"] == decision_id)
        return Outcome(request["state"], request["reason"] or "", Configuration.parse(key), verdict, version)

    def _progress(self, request_id: str) -> str:
        try:
            evaluation = self._evaluation(request_id)
        except FrontDoorError:
            return "being evaluated"
        if evaluation is None:
            return "waiting for the gauntlet"
        played = [each for each in evaluation.get("opponents", []) if each.get("games")]
        return "playing  " + "   ".join(
            f"{each['opponent']} {each['games']}/{each['games_planned']}" for each in played
        )

    def _evaluation(self, request_id: str) -> Any:
        if request_id not in self._evaluations:
            feed = "/v1/events?type=EVALUATION_STARTED&limit=1000"
            for event in self._call("GET", feed, base=self._gauntlet_url)["items"]:
                self._evaluations[str(event["data"].get("request_id"))] = event["data"]["evaluation_id"]
        evaluation_id = self._evaluations.get(request_id)
        return evaluation_id and self._call("GET", f"/v1/evaluations/{evaluation_id}", base=self._gauntlet_url)

    def _call(self, method: str, path: str, *, base: str | None = None, **options: Any) -> Any:
        url = (base or self._url) + path
        try:
            answer = self._client.request(method, url, **options)
            content = answer.json()
        except httpx.HTTPError as error:
            raise FrontDoorError(f"{url} cannot be reached: {error}; RINGRIFT_PROMOTION_URL says where it is") from None
        except ValueError:
            raise FrontDoorError(f"{url} answered {answer.status_code} without JSON; is it the front door?") from None
        if answer.is_error:
            raise FrontDoorError(f"{answer.status_code}: {content.get('detail', content)}")
        return content


def _reached(distribution: Mapping[str, Any], configuration: str, version: int) -> tuple[list[str] | None, str]:
    """The nodes, once all of them hold the version or a higher one, None until then; and what is missing."""
    found = distribution.get("configurations", {}).get(configuration)
    if found is None or found["version"] < version:
        return None, str(distribution.get("detail", "its distribution has not begun"))
    if found["complete"]:
        return sorted(found["nodes"]), ""
    lacking = {name: node for name, node in sorted(found["nodes"].items()) if node["state"] != "delivered"}
    named = (f"{name} ({node.get('detail') or node['state']})" for name, node in lacking.items())
    return None, ", ".join(named) or "no node is registered"
