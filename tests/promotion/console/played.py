"""Evaluations as the gauntlet shows them, for pages: its own schemas say how they look."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

from services.gauntlet.progress_views import IntervalCourse, IntervalCourses, IntervalPoint, OpponentProgress
from services.gauntlet.schemas import EvaluationDetail, Evaluations, EvaluationView
from shared.contract.evidence import Evidence, ScoreInterval
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState
from tests.promotion.conftest import evidence
from tests.promotion.peers import Neighbour

BEGAN = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Played:
    """The gauntlet's evaluations, which a test adds to and changes."""

    def __init__(self, neighbour: Neighbour) -> None:
        self.found: dict[str, EvaluationDetail] = {}
        self.asked = 0
        self._games: list[Any] = []
        neighbour.played = self.answer

    def add(self, model_path: str = "models/new.pth", state: str = "running", **changed: Any) -> EvaluationDetail:
        """One more evaluation, newest first."""
        said: dict[str, Any] = {
            "id": uuid4(), "configuration": "hex8_2p", "reason": "training", "state": state, "revision": 3, "waits_for": None,
            "policy_id": None, "model_path": model_path, "digest": "1" * 64, "architecture": None, "parameters": None,
            "attempts": 1, "failure_code": None, "failure_reason": None, "requested_at": BEGAN,
            "started_at": BEGAN + timedelta(seconds=2), "ended_at": None, "previous": None, "gates": GatePolicy(),
            "play": PlayPolicy(), "model": None, "opponents": progress(evidence()), "panel": [], "cycles": [], "elo": None,
            "evidence": None,
        }  # fmt: skip
        made = EvaluationDetail.model_validate({**said, **changed})
        self.found = {str(made.id): made, **self.found}
        return made

    def change(self, evaluation_id: UUID, **changed: Any) -> None:
        """An evaluation goes on."""
        now = self.found[str(evaluation_id)]
        self.found[str(evaluation_id)] = now.model_copy(update={"revision": now.revision + 1, **changed})

    def answer(self, path: str, query: str) -> tuple[int, Any]:
        """The answer to a GET below /v1/evaluations."""
        self.asked += 1
        _, _, _, *rest = path.split("/")
        if not rest:
            return 200, self._list({name: values[0] for name, values in parse_qs(query).items()})
        known = self.found.get(rest[0])
        if known is None:
            return 404, {"type": "urn:ringrift:problem:not-found", "detail": "there is none"}
        if rest[1:] == ["intervals"]:
            return 200, courses(known).model_dump(mode="json")
        if rest[1:] == ["games"]:
            return 200, {"items": [game(place) for place in range(3)], "next": None}
        return 200, known.model_dump(mode="json")

    def _list(self, asked: dict[str, str]) -> Any:
        limit, ids = int(asked.get("limit", "50")), list(self.found)
        first = ids.index(asked["before"]) + 1 if "before" in asked else 0
        fields = EvaluationView.model_fields
        items = [
            EvaluationView.model_validate({name: getattr(each, name) for name in fields})
            for each in list(self.found.values())[first:]
            if asked.get("state") in (None, each.state) and asked.get("configuration") in (None, each.configuration)
        ][:limit]  # fmt: skip
        answer = Evaluations(items=items, next=items[-1].id if len(items) == limit else None)
        return json.loads(answer.model_dump_json())


def progress(found: Evidence) -> list[OpponentProgress]:
    """The games so far, by opponent."""
    between = ScoreInterval(low=0.7, high=0.95)
    told = [each.model_copy(update={"interval": between, "flip_margin": 4}) for each in found.opponents]
    return [OpponentProgress.of(each, found.gates, 2) for each in told]


def courses(seen: EvaluationDetail) -> IntervalCourses:
    """An interval that closes."""
    points = [
        IntervalPoint(games=games, mean=0.86, low=0.86 - 4 / games, high=min(0.86 + 3 / games, 1.0))
        for games in range(10, 51, 10)
    ]
    return IntervalCourses(items=[IntervalCourse(opponent=each.opponent, points=points) for each in seen.opponents])


def game(place: int) -> dict[str, Any]:
    """A recorded game in a list."""
    return {"opponent": "random", "index": place, "seat": place % 2, "outcome": "win", "decisions": 40, "error": None}


def ended(state: EvaluationState = EvaluationState.COMPLETED) -> dict[str, Any]:
    """What differs once an evaluation has ended."""
    return {"state": state, "ended_at": BEGAN + timedelta(minutes=2)}
