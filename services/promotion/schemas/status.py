"""The answer of GET /status."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.schemas.ledger import Canonical, DecisionView, PromotionRequest
from services.promotion.schemas.people import ApprovalView, HoldView, WaiverView
from shared.contract.delivery import DaemonStatus, LedgerAgreement, ModelDistribution
from shared.contract.gauntlet_daemon import GauntletDaemon
from shared.contract.words import ConfigurationKey, Digest, FailureCode, Version


class FileDifference(BaseModel):
    """A canonical file of the models folder that is not the ledger's."""

    configuration: ConfigurationKey
    version: Version
    expected: Digest
    found: str = Field(description="Its digest, or that its link leads elsewhere")
    mended_in: float = Field(description="Seconds until it is written again; what lies there is put aside then")


class DamagedArtifact(BaseModel):
    """A model of the artifact store whose bytes were not those of its digest: set aside until the good file is taken in."""

    model_config = ConfigDict(from_attributes=True)

    digest: Digest
    size: int = Field(description="Bytes that were found")


class FailedEvaluation(BaseModel):
    """An evaluation that ended without evidence, so that nothing was judged."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    model_path: str | None = Field(description="As it was announced or asked for")
    digest: Digest | None
    failure_code: FailureCode
    failure_reason: str
    ended_at: datetime


class PromotionStatus(BaseModel):
    """What is canonical, what was decided last, what is waiting."""

    configurations: dict[ConfigurationKey, Canonical]
    last_decision: DecisionView | None
    failed_evaluations: list[FailedEvaluation] = Field(
        description="The last evaluations that failed, newest first, by the gauntlet; empty while that cannot be asked"
    )
    open_requests: list[PromotionRequest]
    awaiting: list[ApprovalView] = Field(description="Candidates that passed and wait for a person, newest first")
    holds: list[HoldView] = Field(description="What people laid on configurations")
    file_differences: list[FileDifference] = Field(description="Canonical files that somebody changed by hand")
    damaged_artifacts: list[DamagedArtifact] | None = Field(
        description="Models that were set aside because they are damaged, 50 at most; null while the store cannot be asked"
    )
    waivers: list[WaiverView] = Field(
        description="Of canonical versions that were forced, until their games confirm them"
    )


class RecentEvent(BaseModel):
    """One event that this service emitted or handled, or that a trainer announced to the gauntlet."""

    type: str = Field(examples=["MODEL_PROMOTED"])
    configuration: str = Field(examples=["hex8_2p"])
    time: datetime
    id: str = Field(examples=["7b0e8f4a-3c52-4d7e-9a61-2f0c5d8e1b94"])
    source: str = Field(examples=["/services/promotion"])
    detail: str | None = Field(
        description="What it says in a line, such as why something failed",
        examples=["failed: random: win rate 60.0%, can no longer reach the required 85%"],
    )


class Daemons(BaseModel):
    """The daemons of the suite, by the runbook's names."""

    MODEL_DISTRIBUTION: DaemonStatus
    GAUNTLET: GauntletDaemon


class SuiteStatus(BaseModel):
    """The state of the whole suite at a glance, for operators."""

    promotion_status: PromotionStatus
    model_distribution: ModelDistribution
    recent_events: list[RecentEvent]
    daemons: Daemons
    ledger: LedgerAgreement | None = Field(
        description="Whether the nodes are given what the ledger names, by the distribution service; null if it does not say"
    )
    alive_peers: list[str] = Field(description="Hosts of the nodes whose last visit succeeded", examples=[["10.0.0.1"]])
