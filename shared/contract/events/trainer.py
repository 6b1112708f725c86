"""What trainers say. It comes from outside the suite, and there is no feed to read it from again."""

from __future__ import annotations

from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from shared.contract.events.envelope import ConfigurationData, declared_by
from shared.contract.words import Architecture, Digest, ModelPath, NetworkParameters, Reason

PRODUCER = "trainer"
"""No service: whoever listens has no feed of it to read."""


@declared_by(PRODUCER)
class TrainingCompleted(ConfigurationData):
    """A trainer finished a model; comes from outside the suite. Either `model_path` or `digest` says which."""

    model_path: ModelPath | None = None
    digest: Digest | None = None
    model_version: Reason | None = None
    trained_at: AwareDatetime | None = None
    epochs_completed: int | None = Field(default=None, ge=0)
    training_samples: int | None = Field(default=None, ge=0)
    training_games: int | None = Field(default=None, ge=0)
    final_val_loss: float | None = Field(default=None, allow_inf_nan=False)
    duration_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    trained_by: Reason | None = None
    run_id: Reason | None = None
    architecture: Architecture | None = None
    parameters: NetworkParameters | None = None

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.model_path is None and self.digest is None:
            raise ValueError("give model_path (inside the models folder) or digest (of a file already taken in)")
        return self
