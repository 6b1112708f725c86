"""The seam between a worker and whoever has work for it: the service in the same process, or one on another machine."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from play.models.model_file import ModelFile
from services.gauntlet.worker.work import ModelReference, Work, WorkAnswer, WorkFailure, WorkReport, WorkWish


class ModelAbsentError(Exception):
    """The bytes of a model are not to be had: there are none, or what is there is not what its digest says."""

    def __init__(self, name: str, digest: str) -> None:
        super().__init__(f"{name}: the artifact store has no undamaged copy of {digest}; announce the file again")
        self.digest = digest


class WorkSource(Protocol):
    """Where work comes from, and what comes of it goes. ClaimOverError where there is no such claim any more; any other error means
    that nobody knows whether it was heard, and the same may be said again."""

    async def claim(self, wish: WorkWish) -> Work | None:
        """Work for a worker, once there is some; None if there was none for as long as it waits."""

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        """Games that ended, or a sign of life."""

    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None:
        """The claim cannot be carried out."""

    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None:
        """The worker ends, or cannot play it now for a reason that may pass; somebody else plays what is left, at once."""


class ModelSource(Protocol):
    """Where the files of models are."""

    async def file(self, reference: ModelReference, most_bytes: int) -> ModelFile:
        """A model's file on this machine, its bytes hashed. ModelAbsentError."""
