"""The promotion service's environment; the gate policy is its alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from services.promotion.collection import CollectionRules
from services.promotion.disposition import PromotionRules
from services.promotion.webhook import WebhookRules
from shared.contract.policy import ErrorRate, GatePolicy, Rate
from shared.contract.words import PROMOTION_PORT, Games, GateMode, GateName, PanelMode, Port
from shared.process.settings import ServiceSettings

MOST_SECONDS = 366 * 86400.0


class PromotionSettings(ServiceSettings):
    """What the promotion service reads beyond what all services share."""

    promotion_port: Port = PROMOTION_PORT
    auto_promote: bool = Field(
        default=True, description="Promote candidates of trainers that pass; otherwise only on request"
    )
    promotion_min_seconds: float = Field(
        default=0.0,
        ge=0,
        le=MOST_SECONDS,
        description="A trainer's candidate that passes sooner after the last promotion waits for approval; 0: never",
    )
    promotion_min_improvement: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        allow_inf_nan=False,
        description="Win rate against the canonical version beyond parity that is needed at least",
    )
    approval_seconds: float = Field(
        default=604800.0, gt=0, le=MOST_SECONDS, description="Seconds for which a candidate waits for approval"
    )
    waiver_seconds: float = Field(
        default=604800.0, gt=0, le=MOST_SECONDS, description="Seconds in which a forced version has to be evaluated"
    )
    projection_grace_seconds: float = Field(
        default=300.0,
        ge=0,
        le=MOST_SECONDS,
        description="Seconds for which a canonical file that was changed by hand is left, until it is written again",
    )
    roll_back_failed: bool = Field(
        default=False,
        description="Roll a version back when something is wrong in its waves and the distribution service wants that",
    )
    pointer_dir: Path | None = Field(
        default=None, description="Folder of `ringrift trust init`: the pointer is signed with its key"
    )
    pointer_seconds: float = Field(
        default=86400.0, ge=10, le=MOST_SECONDS, description="Seconds for which the signed pointer is good"
    )
    webhook_http: bool = Field(default=False, description="Let webhooks have receivers at http addresses too")
    webhook_private: bool = Field(
        default=False, description="Let webhooks have receivers on this machine and in private networks too"
    )
    webhook_seconds: float = Field(default=10.0, ge=0.1, le=60, description="Seconds for a receiver's whole answer")
    webhook_attempts: int = Field(default=10, ge=1, le=100, description="Tries of a notice, until it is given up")
    webhook_pause_seconds: float = Field(
        default=5.0,
        ge=0.01,
        le=3600,
        description="Seconds after the first try; each pause is four times the one before",
    )
    keep_artifacts_days: float = Field(
        default=0, ge=0, le=36_500, description="Days for which models are kept that nobody needs; 0: for ever"
    )
    artifacts_grace_days: float = Field(
        default=7, ge=0.05, le=36_500, description="Days after which a condemned model is deleted"
    )
    pages_public: bool = Field(default=False, description="Show the pages to everybody without a key, to be read")
    pages_secret: str | None = Field(
        default=None,
        min_length=32,
        repr=False,
        description="Signs sessions of the pages, at all processes of this service alike",
    )
    pages_seconds: float = Field(
        default=43200.0, ge=60, le=MOST_SECONDS, description="Seconds after which a person logs in to the pages again"
    )
    gauntlet_games: Games = Field(default=50, description="Games per opponent in the gauntlet")
    gates_off: Annotated[tuple[GateName, ...], NoDecode] = Field(
        default=(), description="Gates that are switched off, comma-separated: random, heuristic, previous"
    )
    promotion_random_win_rate: Rate = 0.85
    promotion_heuristic_win_rate: Rate = 0.60
    promotion_vs_previous_win_rate: Rate = 0.50
    gate_mode: GateMode = Field(default="exact", description="By which rule the gates are decided (docs/statistics.md)")
    gate_alpha: ErrorRate = Field(default=0.05, description="How often evidence may wrongly pass a candidate")
    gate_beta: ErrorRate = Field(default=0.05, description="How often evidence may wrongly fail a candidate")
    gate_cap: Games = Field(default=400, description="Games per opponent at most, in mode evidence")
    gate_panel: PanelMode = Field(
        default="off", description="muted: candidates that pass also meet the versions of 5 and 20 versions ago"
    )
    skip_gauntlet: bool = Field(default=False, description="Skip the games: every model that loads is promoted")

    @field_validator("pointer_dir", mode="before")
    @classmethod
    def _signs(cls, value: object) -> object:
        if value and find_spec("tuf") is None:
            raise ValueError("a signed pointer needs the extra trust: pip install 'ringrift-suite[trust]'")
        return value or None

    @field_validator("gates_off", mode="before")
    @classmethod
    def _split_gates(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def rules(self) -> PromotionRules:
        """What counts for a promotion beside the games."""
        return PromotionRules(
            auto_promote=self.auto_promote,
            min_seconds=self.promotion_min_seconds,
            approval_seconds=self.approval_seconds,
            waiver_seconds=self.waiver_seconds,
            roll_back_failed=self.roll_back_failed,
        )

    @property
    def collection(self) -> CollectionRules:
        """Which models go."""
        return CollectionRules(self.keep_artifacts_days, self.artifacts_grace_days)

    @property
    def webhook_rules(self) -> WebhookRules:
        """What counts for webhooks."""
        return WebhookRules(
            http=self.webhook_http,
            private=self.webhook_private,
            seconds=self.webhook_seconds,
            attempts=self.webhook_attempts,
            pause_seconds=self.webhook_pause_seconds,
            by_proxy=self.http_proxy_from_environment,
        )

    def policy(self) -> GatePolicy:
        """The gate policy of configurations for which nobody set another one."""
        return GatePolicy(
            random_win_rate=self._rate("random", self.promotion_random_win_rate),
            heuristic_win_rate=self._rate("heuristic", self.promotion_heuristic_win_rate),
            previous_win_rate=self._rate("previous", max(self.promotion_vs_previous_win_rate, self._improved)),
            games=self.gauntlet_games,
            skip_games=self.skip_gauntlet,
            mode=self.gate_mode,
            alpha=self.gate_alpha,
            beta=self.gate_beta,
            cap=self.gate_cap,
            panel=self.gate_panel,
        )

    @property
    def _improved(self) -> float:
        """The win rate against the canonical version that is an improvement, 0 if none is asked for."""
        wanted = self.promotion_min_improvement
        return round(0.5 + wanted, 6) if wanted else 0.0

    def _rate(self, opponent: GateName, rate: float) -> float:
        """A threshold of 0 is no gate; a switch is another way to say so."""
        return 0.0 if opponent in self.gates_off else rate
