"""Where the models of an evaluation lie, what people call them, and what was announced of them."""

from __future__ import annotations

from dataclasses import dataclass

from play.models.model_file import MOST_BYTES, ModelFile
from services.gauntlet.evaluation import Announced
from services.gauntlet.records import Begun
from shared.storage.artifacts import ArtifactStore


@dataclass(frozen=True)
class ModelFiles:
    """`most_bytes`: how large a model file may be."""

    store: ArtifactStore
    most_bytes: int = MOST_BYTES

    def candidate(self, begun: Begun) -> ModelFile:
        """The candidate's."""
        return self._file(begun.evaluation.playable.digest, begun.evaluation.title, begun.candidate)

    def previous(self, begun: Begun) -> ModelFile | None:
        """That of the canonical version which is met; None if there was none."""
        met = begun.evaluation.previous
        return self._file(met.digest, f"canonical version {met.version}", begun.previous) if met else None

    def _file(self, digest: str, name: str, announced: Announced) -> ModelFile:
        path, (architecture, parameters) = self.store.path(digest).resolve(), announced
        return ModelFile(
            path=path, name=name, architecture=architecture, parameters=parameters, most_bytes=self.most_bytes
        )
