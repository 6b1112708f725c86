"""A file may hold the weights of another that was seen before: then its games are that one's, and nobody draws again.

What a file holds is known when a worker has loaded it, which is after its first games were handed out.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.gauntlet import repository
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.feedback_loop import seed_of
from services.gauntlet.service.work_parts import WorkParts
from shared.storage.database import Read, Write


@dataclass(frozen=True)
class Recognising(WorkParts):
    """Recognises weights."""

    async def _recognise(self, tx: Write, evaluation: Evaluation) -> Evaluation:
        """The evaluation of a model that was just described: the same one for weights that are new, or else with the seed of those
        that were seen before, and with the games that are known of them."""
        if evaluation.model is None or evaluation.model.fingerprint is None:
            return evaluation
        digest, fingerprint = evaluation.playable.digest, evaluation.model.fingerprint
        await repository.remember_weights(tx, evaluation.configuration, digest, fingerprint)
        recognised = evaluation.recognised(
            await seed_for(tx, evaluation, digest), is_canonical=await self._is_canonical(tx, evaluation)
        )
        if recognised is evaluation:
            return evaluation
        await repository.forget_games(tx, evaluation.id)
        await repository.end_claims(tx, evaluation.id, None)
        await repository.repeat_games(tx, recognised)
        return await self.journal.save(tx, recognised)

    async def _is_canonical(self, tx: Read, evaluation: Evaluation) -> bool:
        met = evaluation.previous
        return met is not None and await repository.same_weights(
            tx, evaluation.configuration, evaluation.playable.digest, met.digest
        )


async def seed_for(tx: Read, evaluation: Evaluation, digest: str) -> int:
    """The seed of the games of these bytes, as far as it is known what they hold."""
    first = await repository.first_with_weights_of(tx, evaluation.configuration, digest)
    return seed_of(evaluation.configuration, first)
