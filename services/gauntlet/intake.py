"""What an evaluation needs before it is queued: its model in the artifact store, and the gate policy from the promotion service.

What does not come is asked for again, and the evaluation says what it waits for. Only a model that can never be taken in ends one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from play.models.model_file import MOST_BYTES
from services.gauntlet.errors import MoveRefusedError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.policies import Policies, PolicyUnknownError, PromotionAwayError
from services.gauntlet.records import Waiting
from shared.contract.configuration import Configuration
from shared.process.logs import get_logger
from shared.process.traces import span
from shared.storage.artifacts import (
    Artifact,
    ArtifactError,
    ArtifactStore,
    ModelMissingError,
    StoreAwayError,
    resolve_inside,
)

SWEEP_SECONDS = 1.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class Intake:
    """The background work on received evaluations. `most_bytes`: how large a model may be; `patience`: for how many seconds one
    that cannot be read just now is tried again."""

    records: Waiting
    store: ArtifactStore
    models_dir: Path
    policies: Policies
    most_bytes: int = MOST_BYTES
    patience: float = 600.0
    clock: Callable[[], float] = time.monotonic
    _since: dict[UUID, float] = field(default_factory=dict, init=False)

    async def take_in(self) -> None:
        """Put announced models into the artifact store, for ever; what cannot be taken in has failed."""
        async for _ in self.records.changes(SWEEP_SECONDS):
            await self.take_in_once()

    async def take_in_once(self) -> None:
        """Try every model that is waited for, once."""
        for evaluation in await self.records.without_model():
            try:
                await self._take_in(evaluation)
            except MoveRefusedError:  # it was cancelled, or another process was faster
                continue
            except Exception as error:  # such as a full disk: tried again, and the others are not kept waiting
                await self._try_again(evaluation, error)
            else:
                self._since.pop(evaluation.id, None)

    async def ask_for_policies(self) -> None:
        """Ask for the gate policies that are waited for, for ever; after trouble not before a pause."""
        async for _ in self.records.changes(SWEEP_SECONDS):
            if not await self.ask_once():
                await asyncio.sleep(SWEEP_SECONDS)

    async def ask_once(self) -> bool:
        """Ask for every policy that is waited for, once; whether all came. Who is away is asked once for each configuration."""
        away: dict[Configuration, PromotionAwayError] = {}
        all_came = True
        for evaluation in await self.records.without_policy():
            trouble = away.get(evaluation.configuration) or await self._ask(evaluation)
            if isinstance(trouble, PromotionAwayError):
                away[evaluation.configuration] = trouble
            if trouble is not None:
                all_came = False
                await self._stall(evaluation, str(trouble))
        return all_came

    async def _ask(self, evaluation: Evaluation) -> PolicyUnknownError | None:
        try:
            policy = await self.policies.policy(evaluation.configuration, evaluation.games)
        except PolicyUnknownError as error:
            return error
        with suppress(MoveRefusedError):
            await self.records.ruled_by(evaluation.id, policy)
        return None

    async def _stall(self, evaluation: Evaluation, trouble: str) -> None:
        if evaluation.stalled(trouble) is evaluation:
            return
        _log.warning("evaluation waits", evaluation_id=str(evaluation.id), waits_for=evaluation.lacks, trouble=trouble)
        with suppress(MoveRefusedError):
            await self.records.stalled(evaluation.id, trouble)

    async def _try_again(self, evaluation: Evaluation, error: Exception) -> None:
        """It shows why it waits; after as long as there is patience it has failed."""
        now = self.clock()
        waited = now - self._since.setdefault(evaluation.id, now)
        trouble = f"{evaluation.model_path}: {_in_words(error)}"
        if waited < self.patience:
            return await self._stall(evaluation, trouble)
        self._since.pop(evaluation.id)
        with suppress(MoveRefusedError):
            await self.records.rejected(evaluation.id, "internal", f"{trouble}; given up after {waited:.0f} seconds")

    async def _take_in(self, evaluation: Evaluation) -> None:
        configuration, place = str(evaluation.configuration), evaluation.traceparent
        with span("take in the model", place, configuration=configuration, evaluation_id=str(evaluation.id)):
            await self._take_in_now(evaluation)

    async def _take_in_now(self, evaluation: Evaluation) -> None:
        try:
            artifact = await asyncio.to_thread(self._artifact, evaluation.model_path, evaluation.announced_digest)
        except ArtifactError as error:
            await self.records.rejected(evaluation.id, error.code, str(error))
        else:
            await self.records.taken_in(evaluation.id, artifact)

    def _artifact(self, model_path: str | None, digest: str | None) -> Artifact:
        if model_path is None:
            return self._stored(digest or "")
        return self.store.take_in(resolve_inside(self.models_dir, model_path), model_path, self.most_bytes, digest)

    def _stored(self, digest: str) -> Artifact:
        artifact = self.store.find(digest)
        if artifact is None:
            raise ModelMissingError(f"the artifact store has no undamaged model {digest}; announce a model_path")
        return artifact


def _in_words(error: Exception) -> str:
    """What the system says, without the path, which people do not know."""
    if isinstance(error, StoreAwayError):
        return str(error)
    return error.strerror or repr(error) if isinstance(error, OSError) else repr(error)
