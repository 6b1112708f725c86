"""Answers about the models of the artifact store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.promotion.collection import Collected, Listed
from shared.contract.words import Digest
from shared.storage.artifacts import StoredArtifact


class StoredModel(BaseModel):
    """A model of the artifact store."""

    digest: Digest
    size: int = Field(description="Bytes", examples=[25_612])
    at: datetime = Field(description="When it was taken in last, or put where it is")

    @classmethod
    def of_stored(cls, artifact: StoredArtifact) -> Self:
        """From the store's."""
        return cls(digest=artifact.digest, size=artifact.size, at=datetime.fromtimestamp(artifact.at, UTC))


class KeptModel(StoredModel):
    """One that is kept."""

    needed_for: str | None = Field(
        description="Why it stays; null if nobody needs it", examples=["version 7 of hex8_2p"]
    )

    @classmethod
    def of(cls, found: Listed) -> KeptModel:
        """From the list."""
        return cls(**StoredModel.of_stored(found.artifact).model_dump(), needed_for=found.needed_for)


class KeptModels(BaseModel):
    """Models by digest. `next` is the `after` of the next page, null on the last."""

    items: list[KeptModel]
    next: Digest | None


class Collection(BaseModel):
    """What a collection did, or would do."""

    condemned: list[StoredModel] = Field(description="Put aside: deleted after the grace, unless somebody asks for it")
    deleted: list[StoredModel] = Field(description="Deleted for good")
    restored: list[StoredModel] = Field(description="Brought back: condemned, and needed after all")
    dry_run: bool

    @classmethod
    def of(cls, found: Collected, *, dry_run: bool) -> Collection:
        """From what was found."""
        models = {name: [StoredModel.of_stored(each) for each in which] for name, which in found._asdict().items()}
        return cls.model_validate({**models, "dry_run": dry_run})
