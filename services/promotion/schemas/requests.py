"""Requests of the promotion service: what is misspelt or of another type is refused."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from shared.contract.words import (
    BoardType,
    Games,
    ModelPath,
    NumPlayers,
    PersonsReason,
    Version,
)

PROMOTION: JsonDict = {"model_path": "models/my_model.pth", "board_type": "hex8", "num_players": 2, "dry_run": True}
"""The example of a request: whoever only tries it moves nothing."""


class RequestModel(BaseModel):
    """Base of request bodies: what is misspelt or of another type is refused, never ignored or guessed."""

    model_config = ConfigDict(strict=True, extra="forbid")


class PromoteRequest(RequestModel):
    """Ask for a model to be evaluated and, if it passes, promoted."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROMOTION]})

    model_path: ModelPath
    board_type: BoardType
    num_players: NumPlayers
    gauntlet_games: Games | None = Field(
        default=None, description="Games per opponent; fewer than the policy asks for in a dry run only"
    )
    force: bool = Field(default=False, description="Skip the games; the model is still loaded and must fit")
    dry_run: bool = Field(default=False, description="Evaluate and decide, but do not promote")
    reason: PersonsReason | None = Field(default=None, description="Why; `force` needs one", examples=["the hotfix"])

    @model_validator(mode="after")
    def _forced_for_a_reason(self) -> Self:
        if self.force and self.reason is None:
            raise ValueError("force needs a reason")
        return self


class DistributeRequest(RequestModel):
    """Ask for a canonical model to be delivered again, or, with `force`, for an earlier one to be canonical again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model_path": "models/canonical_hex8_2p.pth"}]})

    model_path: ModelPath = Field(examples=["models/canonical_hex8_2p.pth"])
    force: bool = False
    reason: PersonsReason | None = Field(default=None, description="Why, beside that a file was restored")


class RollbackRequest(RequestModel):
    """Make an earlier version's bytes canonical again, as a new and higher version."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "loses as second player"}]})

    to_version: Version | None = Field(
        default=None, description="The newest before with other bytes that are not marked as bad, if not given"
    )
    reason: PersonsReason
    mark: bool = Field(default=True, description="Mark the bytes that are left as bad")


class ApproveRequest(RequestModel):
    """Promote a candidate that waits."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "looked at its games"}]})

    reason: PersonsReason = "looked at and found good"


class RejectRequest(RequestModel):
    """Refuse a candidate that waits."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "resigns when ahead"}]})

    reason: PersonsReason


class ReasonGiven(RequestModel):
    """Why something is to hold."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the rules change today"}]})

    reason: PersonsReason


class PinRequest(ReasonGiven):
    """Keep a configuration on a version."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "the tournament"}]})

    version: Version | None = Field(default=None, description="Which has to be canonical; what is, if not given")
