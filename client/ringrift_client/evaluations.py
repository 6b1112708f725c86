"""Evaluations as anyone reads them who wants to check one: the evidence, every recorded game, the models.

from ringrift_client import Evaluations

with Evaluations.from_environment() as evaluations:
    evidence = evaluations.read(evaluation_id)["evidence"]
    games = list(evaluations.games(evaluation_id))
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ringrift_client.environment import key_for
from ringrift_client.errors import NotJsonError
from ringrift_client.front_door import GAUNTLET_URL
from ringrift_client.transport import Transport

PAGE = 500


class Evaluations:
    """The gauntlet service as readers use it; use as a context manager."""

    def __init__(self, url: str = GAUNTLET_URL, api_key: str | None = None, seconds: float = 900) -> None:
        self._gauntlet = Transport(url, api_key, seconds=seconds)

    @classmethod
    def from_environment(cls) -> Evaluations:
        """The service that RINGRIFT_GAUNTLET_URL names, with the key in RINGRIFT_GAUNTLET_KEY or RINGRIFT_API_KEY."""
        return cls(os.environ.get("RINGRIFT_GAUNTLET_URL") or GAUNTLET_URL, key_for("gauntlet"))

    def __enter__(self) -> Evaluations:
        return self

    def __exit__(self, *_: object) -> None:
        self._gauntlet.close()

    def read(self, evaluation_id: str) -> Any:
        """GET /v1/evaluations/{id}."""
        return self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}")

    def games(self, evaluation_id: str) -> Iterator[Any]:
        """Every recorded game, in schedule order for each opponent."""
        offset: int | None = 0
        while offset is not None:
            asked = {"offset": offset, "limit": PAGE}
            page = self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}/games", params=asked)
            yield from page["items"]
            offset = page["next"]

    def verification(self, evaluation_id: str, games: int | None = None) -> Any:
        """GET /v1/evaluations/{id}/verification: the service checks it itself, with so many games played again, None for all."""
        asked = {} if games is None else {"games": games}
        return self._gauntlet.call("GET", f"/v1/evaluations/{evaluation_id}/verification", params=asked)

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
