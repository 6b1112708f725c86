"""The promotion service's environment; the gate policy is its alone."""

from __future__ import annotations

from pydantic import Field

from shared.contract.policy import GatePolicy, Rate
from shared.contract.words import PROMOTION_PORT, Games, Port
from shared.process.settings import ServiceSettings


class PromotionSettings(ServiceSettings):
    """What the promotion service reads beyond what all services share."""

    promotion_port: Port = PROMOTION_PORT
    auto_promote: bool = Field(
        default=True, description="Promote candidates of trainers that pass; otherwise only on request"
    )
    gauntlet_games: Games = Field(default=50, description="Games per opponent in the gauntlet")
    promotion_random_win_rate: Rate = 0.85
    promotion_heuristic_win_rate: Rate = 0.60
    promotion_vs_previous_win_rate: Rate = 0.50
    skip_gauntlet: bool = Field(default=False, description="Skip the games: every model that loads is promoted")

    def policy(self, games: int | None = None) -> GatePolicy:
        """The gate policy in force, with another number of games per opponent if given."""
        return GatePolicy(
            random_win_rate=self.promotion_random_win_rate,
            heuristic_win_rate=self.promotion_heuristic_win_rate,
            previous_win_rate=self.promotion_vs_previous_win_rate,
            games=games or self.gauntlet_games,
            skip_games=self.skip_gauntlet,
        )
