"""The gauntlet service's environment. What a candidate must reach is not in it: the promotion service says that."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from play.models.model_file import MOST_BYTES
from services.gauntlet.device import DeviceName, device_faults
from services.gauntlet.work_rules import WorkRules
from shared.contract.policy import PlayPolicy
from shared.contract.words import GAUNTLET_PORT, Port
from shared.process.settings import ServiceSettings


class GauntletSettings(ServiceSettings):
    """What the gauntlet service reads beyond what all services share."""

    gauntlet_port: Port = GAUNTLET_PORT
    gauntlet_workers: int = Field(
        default=1, ge=0, le=64, description="Worker processes of the service itself; 0 where all workers are elsewhere"
    )
    gauntlet_at_once: int = Field(
        default=8, ge=1, le=1000, description="Evaluations of one configuration that are played at the same time"
    )
    gauntlet_lanes: int = Field(default=32, ge=1, le=4096, description="Games in flight at once in a worker")
    gauntlet_device: DeviceName = "cpu"
    gauntlet_simulations: int = Field(
        default=0, ge=0, le=10_000, description="Simulations of search for each move of a network; 0 plays its policy"
    )
    gauntlet_search: Literal["puct", "gumbel"] = Field(
        default="puct", description="By which rule these are spent: gumbel makes more of few of them"
    )
    gauntlet_temperature: float = Field(
        default=0,
        ge=0,
        le=10,
        description="By how much networks' moves are drawn rather than the best; 0 is not at all",
    )
    gauntlet_autocast: bool = Field(
        default=False,
        description="Whether networks may be computed in bfloat16: another play policy, and faster on some devices",
    )
    gauntlet_opening_plies: int = Field(default=4, ge=0, le=200, description="Random decisions that open each game")
    gauntlet_lease_seconds: float = Field(
        default=10.0,
        ge=0.5,
        le=600,
        description="Games of a worker that is silent for so long are given to another one",
    )
    gauntlet_attempts: int = Field(
        default=3, ge=1, le=100, description="Workers that may die in a row without recording a game"
    )
    gauntlet_move_seconds: float = Field(
        default=60, ge=0.1, le=86_400, description="Seconds that one answer of a network may take; longer is too_slow"
    )
    gauntlet_game_seconds: float = Field(
        default=1800, ge=1, le=604_800, description="Seconds in which a worker must bring some game to its end"
    )
    gauntlet_evaluation_seconds: float = Field(
        default=86_400, ge=1, le=31_536_000, description="Seconds that an evaluation may take from its first game on"
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
    uploads_dir: Path = Field(
        default=Path("data/uploads"), description="Folder of this process for models that trainers are sending"
    )
    keep_games_days: float = Field(
        default=30, ge=1, le=36_500, description="Days for which games of evaluations without evidence are kept"
    )
    keep_rejected_days: float = Field(
        default=90, ge=1, le=36_500, description="Days for which rejected trainings are kept"
    )

    @property
    def work(self) -> WorkRules:
        """How games are handed out."""
        return WorkRules(
            claim_seconds=self.gauntlet_lease_seconds,
            most_attempts=self.gauntlet_attempts,
            at_once=self.gauntlet_at_once,
            move_seconds=self.gauntlet_move_seconds,
            game_seconds=self.gauntlet_game_seconds,
            evaluation_seconds=self.gauntlet_evaluation_seconds,
            most_model_bytes=self.most_model_bytes,
        )

    @property
    def play(self) -> PlayPolicy:
        """How networks choose their moves."""
        searching: Literal["search", "gumbel"] = "search" if self.gauntlet_search == "puct" else "gumbel"
        return PlayPolicy(
            mode=searching if self.gauntlet_simulations else "policy",
            simulations=self.gauntlet_simulations,
            temperature=self.gauntlet_temperature,
            opening_plies=self.gauntlet_opening_plies,
            autocast=self.gauntlet_autocast,
        )

    def faults(self) -> list[str]:
        """What can only be told from several settings, or from the machine."""
        return super().faults() + device_faults(self.gauntlet_device)
