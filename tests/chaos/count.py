"""Counting at the end of a run: every acknowledged training against its evaluation, its end, and its decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ringrift_client import Transport

from local.suite import Suite


class Ledgers:
    """What the services say, read through their public doors."""

    def __init__(self, suite: Suite) -> None:
        self._services = {name: Transport(suite.addresses.url(name), seconds=60) for name in suite.addresses.services}

    def get(self, service: str, path: str, **params: Any) -> Any:
        """A GET's JSON."""
        return self._services[service].call("GET", path, params=params)

    def trainings(self) -> Iterator[Mapping[str, Any]]:
        """Every training that the gauntlet service has."""
        before: dict[str, Any] = {}
        while True:
            page = self.get("gauntlet", "/v1/trainings", limit=500, **before)
            yield from page["items"]
            if page["next"] is None:
                return
            before = {"before": page["next"]}

    def events(self, service: str, *types: str) -> Iterator[Mapping[str, Any]]:
        """Every event of some types in a service's feed."""
        cursor = "0.0"
        while True:
            page = self.get(service, "/v1/events", after=cursor, limit=500, type=list(types))
            yield from page["items"]
            if page["next"] == cursor:
                return
            cursor = page["next"]


def open_trainings(ledgers: Ledgers) -> int:
    """How many trainings have an evaluation that has not ended, or ended with evidence and is not decided yet."""
    ended = {each["data"]["evaluation_id"]: each["type"] for each in _ends(ledgers)}
    judged = {each["data"]["evaluation_id"] for each in _decisions(ledgers)}
    waiting = [each["id"] for each in ledgers.trainings() if each["evaluation_id"] and each["id"] not in ended]
    undecided = [each for each, kind in ended.items() if kind == "EVALUATION_COMPLETED" and each not in judged]
    return len(waiting) + len(undecided)


def count(ledgers: Ledgers, acknowledged: list[str]) -> dict[str, Any]:
    """The figures; `faults` is empty exactly if everything acknowledged was decided once, and nothing else was."""
    kept = Counter(each["event_id"] for each in ledgers.trainings())
    ends = Counter(each["data"]["evaluation_id"] for each in _ends(ledgers))
    completed = [e["data"]["evaluation_id"] for e in _ends(ledgers) if e["type"] == "EVALUATION_COMPLETED"]
    judged = Counter(each["data"]["evaluation_id"] for each in _decisions(ledgers))
    faults = {
        "acknowledged and not kept": sorted(set(acknowledged) - set(kept)),
        "kept twice": [each for each, times in kept.items() if times > 1],
        "ended twice": [each for each, times in ends.items() if times > 1],
        "not ended": [t["event_id"] for t in ledgers.trainings() if t["evaluation_id"] and t["id"] not in ends],
        "completed and not decided": [each for each in completed if each not in judged],
        "decided twice": [each for each, times in judged.items() if times > 1],
    }
    return {
        "acknowledged": len(acknowledged),
        "kept": sum(kept.values()),
        "ended": sum(ends.values()),
        "with evidence": len(completed),
        "decided": sum(judged.values()),
        "faults": {name: found for name, found in faults.items() if found},
    }


def _ends(ledgers: Ledgers) -> list[Mapping[str, Any]]:
    return list(ledgers.events("gauntlet", "EVALUATION_COMPLETED", "EVALUATION_FAILED"))


def _decisions(ledgers: Ledgers) -> list[Mapping[str, Any]]:
    return [{"data": each} for each in ledgers.get("promotion", "/v1/decisions", limit=1000)["items"]]
