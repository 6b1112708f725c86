"""What came of a verification, as it is told. Loads neither games nor networks."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import OpponentName


class Agreement(StrEnum):
    """How a record and its replay compare. A float tie: two moves so nearly equal that another machine may choose the other."""

    IDENTICAL = "identical"
    FLOAT_TIE = "float_tie"
    TAMPERED = "tampered"


class Finding(BaseModel):
    """A recorded game that is not exactly what its players play here."""

    model_config = ConfigDict(frozen=True)

    opponent: OpponentName
    index: int
    agreement: Agreement
    detail: str


class Verification(BaseModel):
    """What came of checking a finished evaluation."""

    model_config = ConfigDict(frozen=True)

    holds: bool = Field(description="Whether the evidence follows from the rows, and no game was found tampered with")
    faults: list[str] = Field(
        description="What of the evidence does not follow from the recorded games, or breaks the rules"
    )
    games: int = Field(description="Recorded games; all of them were checked against schedule, rules and evidence")
    replayed: int = Field(description="Games of these that were played again by their players")
    identical: int
    float_ties: int = Field(description="Games with a choice between moves that rounding makes equal")
    tampered: int
    findings: list[Finding] = Field(description="Every game that was not identical")
    engine: str = Field(description="What played them again")
    engines: list[str] = Field(description="What played them, as recorded")
