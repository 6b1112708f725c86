"""Evaluations as anyone sees them: listed, followed to their end, checked by their evidence, games and models.

from ringrift_client import Evaluations

with Evaluations.from_environment() as evaluations:
    for standing in evaluations.follow(evaluation_id):
        print(standing["state"], standing["opponents"])
    evidence = evaluations.read(evaluation_id)["evidence"]
    games = list(evaluations.games(evaluation_id))
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ringrift_client.environment import key_for
from ringrift_client.errors import FrontDoorError, NotJsonError, RefusedError
from ringrift_client.front_door import GAUNTLET_URL
from ringrift_client.server_events import server_events
from ringrift_client.transport import Transport

VARIABLE = "RINGRIFT_GAUNTLET_URL"
PAGE = 500
ENDS = ("completed", "failed")
"""The states that are final."""
SILENCE_SECONDS = 45.0
"""A stream of progress says something every 15 seconds; one that is silent for so long is gone."""
AGAIN_SECONDS = 1.0


class Evaluations:
    """The gauntlet service as readers use it; use as a context manager."""

    def __init__(self, url: str = GAUNTLET_URL, api_key: str | None = None, seconds: float = 900) -> None:
        self._gauntlet = Transport(url, api_key, seconds=seconds, variable=VARIABLE)

    @classmethod
    def from_environment(cls) -> Evaluations:
        """The service that RINGRIFT_GAUNTLET_URL names, with the key in RINGRIFT_GAUNTLET_KEY or RINGRIFT_API_KEY."""
        return cls(os.environ.get(VARIABLE) or GAUNTLET_URL, key_for("gauntlet"))

    def __enter__(self) -> Evaluations:
        return self

    def __exit__(self, *_: object) -> None:
        self._gauntlet.close()

    def read(self, evaluation_id: str) -> Any:
        """GET /v1/evaluations/{id}."""
        return self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}")

    def page(
        self, configuration: str | None = None, state: str | None = None, before: str | None = None, limit: int = 50
    ) -> Any:
        """GET /v1/evaluations: `items`, newest first, and in `next` what is `before` for the next page."""
        asked = {"configuration": configuration, "state": state, "before": before, "limit": limit}
        given = {name: value for name, value in asked.items() if value is not None}
        return self._gauntlet.call("GET", "/v1/evaluations", params=given)

    def cancel(self, evaluation_id: str, reason: str | None = None) -> Any:
        """POST /v1/evaluations/{id}/cancel, with a reason for the audit; RefusedError of the kind `evaluation-ended` if it has
        ended."""
        why = {"reason": reason} if reason else {}
        return self._gauntlet.call("POST", f"/v1/evaluations/{evaluation_id}/cancel", params=why)

    def follow(self, evaluation_id: str, patience: float = 60) -> Iterator[Any]:
        """The evaluation now and at every change, until it has ended. A stream that breaks off is taken up where it was;
        FrontDoorError if the service refuses, or nobody has answered for `patience` seconds."""
        last, away = None, None
        while True:
            try:
                for standing in self._changes(evaluation_id):
                    away = None
                    if standing["revision"] != last:
                        yield standing
                    last = standing["revision"]
                    if standing["state"] in ENDS:
                        return
            except FrontDoorError as error:
                away = away or time.monotonic()
                if _is_final(error) or time.monotonic() - away > patience:
                    raise
            time.sleep(AGAIN_SECONDS)

    def _changes(self, evaluation_id: str) -> Iterator[Any]:
        """The evaluation as it is, then its changes from there on, as long as the stream lasts."""
        path = f"/v1/evaluations/{evaluation_id}"
        standing = self._gauntlet.call("GET", path, timeout=SILENCE_SECONDS)
        yield standing
        options: Any = {"headers": {"Last-Event-ID": str(standing["revision"])}, "timeout": SILENCE_SECONDS}
        for event in server_events(self._gauntlet.stream(f"{path}/progress", **options)):
            try:
                yield json.loads(event.data)
            except ValueError:
                raise NotJsonError(f"{self._gauntlet.url}{path}/progress sent an event that is no JSON") from None

    def download_games(self, evaluation_id: str, opponent: str | None = None) -> Iterator[bytes]:
        """Every recorded game as JSON lines, in pieces as they arrive. UnreachableError if the answer breaks off."""
        asked = {} if opponent is None else {"opponent": opponent}
        yield from self._gauntlet.stream(f"/v1/evaluations/{evaluation_id}/games/download", params=asked)

    def games(self, evaluation_id: str, opponent: str | None = None) -> Iterator[Any]:
        """Every recorded game, in schedule order for each opponent."""
        asked: dict[str, Any] = {"limit": PAGE} | ({} if opponent is None else {"opponent": opponent})
        while True:
            page = self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}/games", params=asked)
            yield from page["items"]
            if page["next"] is None:
                return
            asked["after"] = page["next"]

    def verification(self, evaluation_id: str, games: int | None = None) -> Any:
        """GET /v1/evaluations/{id}/verification: the service checks it itself, with so many games played again, None for all."""
        asked = {} if games is None else {"games": games}
        return self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}/verification", params=asked)

    def crashes(self, evaluation_id: str) -> Any:
        """GET /v1/evaluations/{id}/crashes: `items`, dossiers of what crashed, with texts as the crashed processes wrote them."""
        return self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}/crashes")

    def fetch_model(self, digest: str, path: Path) -> None:
        """Write the model file with that digest. NotJsonError, and no file, if other bytes came."""
        sha256 = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in self._gauntlet.stream(f"/v1/artifacts/{digest}"):
                sha256.update(chunk)
                file.write(chunk)
        if sha256.hexdigest() != digest:
            path.unlink()
            raise NotJsonError(f"{self._gauntlet.url} sent other bytes than those of {digest}")


def _is_final(error: FrontDoorError) -> bool:
    """Whether asking again cannot help: the service refused, and was not merely busy or behind something that was."""
    return isinstance(error, RefusedError) and error.status < 500
