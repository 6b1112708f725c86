"""How moves of evaluations are written: an end with its terminal event and without open claims, in one transaction; and the one
line of the log that says so."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.gauntlet import announcements, repository
from services.gauntlet.announced import NOTHING_ANNOUNCED, Announced
from services.gauntlet.errors import UnknownError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.records import Begun
from shared.contract.events import Event, EventData, Traced
from shared.contract.evidence import CanonicalReference, Evidence
from shared.messaging.outbox import Outbox
from shared.process.logs import get_logger
from shared.storage.database import Read, Write

_log = get_logger(__name__)


@dataclass(frozen=True)
class Journal:
    """`source`: of the events."""

    outbox: Outbox
    source: str

    async def save(self, tx: Write, moved: Evaluation) -> Evaluation:
        """Write a move; the one into an end with its terminal event. Returns what was written."""
        await repository.save(tx, moved)
        if moved.has_ended:
            await repository.drop_claims(tx, moved.id)
            await self.emit(tx, announcements.ended(moved), moved)
            _say_ended(moved)
        return moved

    async def emit(self, tx: Write, data: EventData, cause: Traced | None) -> None:
        """Have an event published once the transaction is committed."""
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


async def begun(tx: Read, evaluation: Evaluation) -> Begun:
    """An evaluation with its games and networks."""
    played = await repository.played_games(tx, evaluation.id)
    met = {
        name: await network_of(tx, evaluation.canonical_met(name))
        for name in ("previous", *(each.opponent for each in evaluation.panel))
    }
    return Begun(evaluation, played, await candidate_network(tx, evaluation), met)


async def candidate_network(tx: Read, evaluation: Evaluation) -> Announced:
    """The network that it was announced with; as its bytes were announced before, where nobody said it this time."""
    said = evaluation.architecture is not None
    return evaluation.announced if said else await repository.announced(tx, evaluation.playable.digest)


async def network_of(tx: Read, met: CanonicalReference | None) -> Announced:
    """The network that a canonical version was announced with."""
    return await repository.announced(tx, met.digest) if met else NOTHING_ANNOUNCED


def _say_ended(ended: Evaluation) -> None:
    """One line: the win rates, or why there are none. The word "error" stands in lines of failures alone, so that a search finds
    those and no others."""
    about = {"configuration": str(ended.configuration), "evaluation_id": str(ended.id), "model": ended.title}
    if ended.evidence is not None:
        _log.info(
            "gauntlet completed",
            **about,
            digest=ended.digest,
            **_rates(ended.evidence, ended.configuration.num_players),
        )
        return
    say = _log.warning if ended.failure_code == "cancelled" else _log.error
    say("gauntlet failed", **about, code=ended.failure_code, reason=ended.failure_reason)


def _rates(evidence: Evidence, num_players: int) -> dict[str, dict[str, float | None]]:
    """The win rates of the games, and those that are needed."""
    return {
        "win_rates": {each.opponent: each.win_rate(num_players) for each in evidence.opponents},
        "needed": {each.opponent: evidence.gates.threshold(each.opponent) for each in evidence.opponents},
    }


def known(evaluation: Evaluation | None, evaluation_id: UUID) -> Evaluation:
    """The evaluation; UnknownError if there is none."""
    if evaluation is None:
        raise UnknownError(f"there is no evaluation {evaluation_id}")
    return evaluation
