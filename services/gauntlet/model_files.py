"""Where the models of an evaluation lie, what people call them, and what was announced of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from play.models.model_file import MOST_BYTES, ModelFile
from services.gauntlet.announced import Announced
from services.gauntlet.records import Begun
from services.gauntlet.worker.source import ModelAbsentError
from services.gauntlet.worker.work import ModelReference
from shared.contract.words import OpponentName
from shared.storage.artifacts import ArtifactStore


@dataclass(frozen=True)
class ModelFiles:
    """Files of this machine whose bytes were hashed. `most_bytes`: how large a model file may be."""

    store: ArtifactStore
    most_bytes: int = MOST_BYTES

    def candidate(self, begun: Begun) -> ModelFile:
        """The candidate's. ModelAbsentError. Blocks."""
        return self._file(begun.evaluation.playable.digest, begun.evaluation.title, begun.candidate)

    def canonical(self, begun: Begun) -> dict[OpponentName, ModelFile]:
        """Those of the canonical versions that are met. ModelAbsentError. Blocks."""
        found = ((name, begun.evaluation.canonical_met(name), network) for name, network in begun.met.items())
        return {
            name: self._file(met.digest, f"canonical version {met.version}", network)
            for name, met, network in found
            if met
        }

    async def file(self, reference: ModelReference, most_bytes: int) -> ModelFile:
        """The file of a model that a claim refers to. ModelAbsentError."""
        network = Announced(reference.architecture, reference.parameters)
        found = await asyncio.to_thread(self._file, reference.digest, reference.name, network)
        return replace(found, most_bytes=most_bytes)

    async def holds(self, digest: str) -> bool:
        """Whether the artifact store has the bytes of a model."""
        return await asyncio.to_thread(self.store.find, digest) is not None

    def _file(self, digest: str, name: str, announced: Announced) -> ModelFile:
        found, (architecture, parameters) = self.store.file(digest), announced
        if found is None:
            raise ModelAbsentError(name, digest)
        return ModelFile(
            path=found.path, name=name, architecture=architecture, parameters=parameters, most_bytes=self.most_bytes
        )
