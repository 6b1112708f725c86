"""The gauntlet service's environment. What a candidate must reach is not in it: the promotion service says that."""

from __future__ import annotations

from pydantic import Field

from play.models.model_file import MOST_BYTES
from shared.contract.policy import PlayPolicy
from shared.contract.words import GAUNTLET_PORT, Port
from shared.process.settings import ServiceSettings


class GauntletSettings(ServiceSettings):
    """What the gauntlet service reads beyond what all services share."""

    gauntlet_port: Port = GAUNTLET_PORT
    gauntlet_workers: int = Field(default=1, ge=1, le=64, description="Evaluations played at once, each in a process")
    gauntlet_lanes: int = Field(default=32, ge=1, le=4096, description="Games in flight at once in an evaluation")
    gauntlet_simulations: int = Field(
        default=0, ge=0, le=10_000, description="Simulations of search for each move of a network; 0 plays its policy"
    )
    gauntlet_opening_plies: int = Field(default=4, ge=0, le=200, description="Random decisions that open each game")
    gauntlet_lease_seconds: float = Field(
        default=10.0, ge=0.5, le=600, description="An evaluation whose service is silent for so long is taken over"
    )
    gauntlet_attempts: int = Field(
        default=3, ge=1, le=100, description="Workers that may die in a row without recording a game"
    )
    most_streams: int = Field(
        default=200, ge=1, le=100_000, description="Open streams of progress at most; one more is answered 503"
    )
    gauntlet_intake_seconds: float = Field(
        default=600, ge=0, le=604_800, description="For how long a model that cannot be read just now is tried again"
    )
    most_model_bytes: int = Field(
        default=MOST_BYTES, ge=1024, le=2**40, description="How large a model file may be, packed and unpacked"
    )
    keep_games_days: float = Field(
        default=30, ge=1, le=36_500, description="Days for which games of evaluations without evidence are kept"
    )
    keep_rejected_days: float = Field(
        default=90, ge=1, le=36_500, description="Days for which rejected trainings are kept"
    )

    @property
    def play(self) -> PlayPolicy:
        """How networks choose their moves."""
        return PlayPolicy(
            mode="search" if self.gauntlet_simulations else "policy",
            simulations=self.gauntlet_simulations,
            opening_plies=self.gauntlet_opening_plies,
        )
