"""Requests and answers about gate policies."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.policy_version import PolicyVersion
from services.promotion.schemas.requests import RequestModel
from services.promotion.service.policies import InForce
from shared.contract.policy import GatePolicy, PolicyId
from shared.contract.words import ConfigurationKey, DispositionCode, PersonsReason, Verdict


class PolicyRequest(RequestModel):
    """Set the gate policy of a configuration."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"gates": {"random_win_rate": 0.8}, "reason": "a weak start"}]}
    )

    gates: GatePolicy
    reason: PersonsReason


class PolicyView(BaseModel):
    """The gate policy in force, by name and in full, and the version that says so."""

    id: PolicyId
    configuration: ConfigurationKey
    gates: GatePolicy
    version: int = Field(description="0 for the environment's, which holds where nobody set another one")
    from_environment: bool
    set_by: str
    set_at: datetime | None
    reason: str

    @classmethod
    def of(cls, found: InForce) -> Self:
        """From what is in force."""
        version = found.version
        return cls(
            id=found.gates.id, configuration=version.configuration, gates=found.gates, version=version.version,
            from_environment=version.gates is None, set_by=version.set_by, set_at=version.set_at, reason=version.reason,
        )  # fmt: skip


class Policies(BaseModel):
    """The gate policy of every configuration, by their names; pass `next` as `after` to go on."""

    items: list[PolicyView]
    next: ConfigurationKey | None = Field(description="Null at the end")


class PolicyVersionView(BaseModel):
    """One version of a configuration's policy."""

    version: int
    id: PolicyId | None = Field(description="Null where the environment's policy was gone back to")
    gates: GatePolicy | None
    set_by: str
    set_at: datetime | None
    reason: str

    @classmethod
    def of(cls, version: PolicyVersion) -> Self:
        """From a row of the ledger."""
        gates = version.gates
        return cls(
            version=version.version, id=gates.id if gates else None, gates=gates, set_by=version.set_by,
            set_at=version.set_at, reason=version.reason,
        )  # fmt: skip


class PolicyVersions(BaseModel):
    """The history of a configuration's policy, newest first."""

    items: list[PolicyVersionView]
    next: int | None


class RejudgeRequest(RequestModel):
    """Judge a decision's evidence again, for the sake of argument."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"gates": {"random_win_rate": 0.8}}]})

    gates: GatePolicy | None = Field(default=None, description="Under this policy; the one in force, if not given")


class Rejudged(BaseModel):
    """What the evidence would say."""

    verdict: Verdict
    code: DispositionCode
    reasons: list[str]
    policy_id: PolicyId
    gates: GatePolicy
