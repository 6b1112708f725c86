"""The facts that a diagnosis rests on, asked of the three services once. It judges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ringrift_client import FrontDoorError, RefusedError, Transport, UnreachableError

from cli.credentials import presented

SERVICES = ("promotion", "gauntlet", "distribution")
SECONDS = 10
LATELY = 20
"""Evaluations and decisions that are looked at."""


@dataclass(frozen=True)
class Facts:
    """`ready`: by service, None if it is, else what it says; `away`: by service, why it cannot be asked. What could not be had is
    empty. `since`: what happened before is no news."""

    now: datetime
    since: datetime
    ready: Mapping[str, str | None]
    away: Mapping[str, str]
    refused: Mapping[str, str]
    status: Mapping[str, Any] = field(default_factory=dict)
    trainings: list[Any] = field(default_factory=list)
    evaluations: list[Any] = field(default_factory=list)
    backlog: Mapping[str, Any] = field(default_factory=dict)
    decisions: list[Any] = field(default_factory=list)
    letters: Mapping[str, list[Any]] = field(default_factory=dict)
    nodes: list[Any] = field(default_factory=list)

    def is_recent(self, time: str | None) -> bool:
        """Whether something happened since then."""
        return time is not None and datetime.fromisoformat(time) >= self.since

    def is_recent_within(self, time: str | None, span: timedelta) -> bool:
        """Whether something happened within that span before now."""
        return time is not None and datetime.fromisoformat(time) >= self.now - span


class Enquiry:
    """Asks, and remembers who could not be asked; use as a context manager."""

    def __init__(self, urls: Mapping[str, str], api_key: str | None) -> None:
        self._services = {
            name: Transport(url, presented(api_key, name), seconds=SECONDS, variable=f"RINGRIFT_{name.upper()}_URL")
            for name, url in urls.items()
        }
        self.ready: dict[str, str | None] = {}
        self.away: dict[str, str] = {}
        self.refused: dict[str, str] = {}

    def __enter__(self) -> Enquiry:
        return self

    def __exit__(self, *_: object) -> None:
        for service in self._services.values():
            service.close()

    def facts(self, hours: float) -> Facts:
        """Everything, as it is now."""
        for name, service in self._services.items():
            self._look(name, service)
        now = datetime.now(UTC)
        return Facts(
            now, now - timedelta(hours=hours), self.ready, self.away, self.refused,
            status=self._asked("promotion", "/status") or {},
            trainings=self._items("gauntlet", f"/v1/trainings?limit={LATELY}"),
            evaluations=self._items("gauntlet", f"/v1/evaluations?limit={LATELY}"),
            backlog=self._asked("gauntlet", "/v1/work/backlog") or {},
            decisions=self._items("promotion", f"/v1/decisions?limit={5 * LATELY}"),
            letters={name: self._items(name, "/v1/dead-letters?limit=1000") for name in self._services},
            nodes=self._items("distribution", "/v1/nodes"),
        )  # fmt: skip

    def _look(self, name: str, service: Transport) -> None:
        try:
            service.call("GET", "/readyz")
            self.ready[name] = None
        except UnreachableError as error:
            self.away[name] = str(error)
        except RefusedError as error:
            self.ready[name] = error.detail
        except FrontDoorError as error:
            self.away[name] = str(error)

    def _asked(self, name: str, path: str) -> Any:
        if name in self.away or name in self.refused:
            return None
        try:
            return self._services[name].call("GET", path)
        except RefusedError as error:
            if error.status in (401, 403):
                self.refused[name] = error.detail
            return None
        except FrontDoorError:
            return None

    def _items(self, name: str, path: str) -> list[Any]:
        found = self._asked(name, path)
        return list(found["items"]) if found else []
