"""The runbook's PromotionController for programs: asks the running suite; the judgement is in services/promotion/controller.py."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from ringrift_client import FrontDoor, Outcome

WAIT_SECONDS = 3600.0


@dataclass(frozen=True)
class PromotionResult:
    """What became of a model. `canonical_path`: its file, None unless promoted; `failure_reason`: why not, None if promoted."""

    promoted: bool
    canonical_path: str | None
    failure_reason: str | None
    version: int | None


class PromotionController:
    """Promotes through the suite at RINGRIFT_PROMOTION_URL. Every method raises FrontDoorError when that cannot be reached."""

    @classmethod
    def get_instance(cls) -> PromotionController:
        """A controller; it keeps no state, so any is as good as another."""
        return cls()

    async def evaluate_and_promote(
        self, model_path: str, board_type: str, num_players: int, gauntlet_games: int | None = None
    ) -> PromotionResult:
        """Have a model evaluated, promote it if it passes, and wait for what becomes of it."""
        body = {"model_path": model_path, "board_type": board_type, "num_players": num_players}
        return await asyncio.to_thread(_promote, body | ({"gauntlet_games": gauntlet_games} if gauntlet_games else {}))

    @property
    def last_evaluation(self) -> Any:
        """The newest decision, with its verdict and reasons; None if there is none."""
        with FrontDoor.from_environment() as door:
            return door.status()["promotion_status"]["last_decision"]


def _promote(body: dict[str, Any]) -> PromotionResult:
    with FrontDoor.from_environment() as door:
        outcome: Outcome = door.wait_for_outcome(door.ask(body)["id"], WAIT_SECONDS, lambda _: None)
    if outcome.version is None:
        return PromotionResult(False, None, outcome.reason, None)
    return PromotionResult(True, f"models/canonical_{outcome.configuration}.pth", None, outcome.version)
