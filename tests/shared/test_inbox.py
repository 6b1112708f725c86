"""The inbox by itself, over tables in memory: at most once, whole or not at all, and what cannot be handled is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

import pytest

from shared.contract.events import Event, RejectedError
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.handlers import HandlerTable
from shared.messaging.inbox import Inbox
from shared.storage.database import Write
from tests.kit.memory import MemoryDatabase, MemoryMessages
from tests.shared.conftest import training_event


@dataclass
class Listener:
    """Writes down what it handled, and fails as told."""

    handled: list[Event] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)


HANDLERS: HandlerTable[Listener] = HandlerTable()


@HANDLERS.on(TrainingCompleted)
async def training_completed(listener: Listener, tx: Write, event: Event, data: TrainingCompleted) -> None:
    """Handle an event, or raise the next failure."""
    if listener.failures:
        raise listener.failures.pop(0)
    assert data is event.data
    listener.handled.append(event)


class Trial:
    """An inbox with one listener."""

    def __init__(self) -> None:
        self.messages, self.listener = MemoryMessages(), Listener()
        self.database = MemoryDatabase(self.messages)
        self.inbox = Inbox(self.database, self.messages, HANDLERS.bound(self.listener))


@pytest.fixture
def trial() -> Trial:
    """A new inbox."""
    return Trial()


async def test_g03_an_event_is_handled_once(trial: Trial, training: Event) -> None:
    """However often and by whatever way it comes."""
    await trial.inbox.handle(training)
    await trial.inbox.receive(training.model_dump_json())
    await trial.inbox.receive(training.model_dump_json().encode())
    assert trial.listener.handled == [training]
    assert [each.id for each in await trial.inbox.recent(None, 10)] == [str(training.id)]  # type: ignore[arg-type]


async def test_g03_a_handler_that_fails_leaves_the_event_unhandled(trial: Trial, training: Event) -> None:
    """Handling and remembering are one transaction, so the event may come again."""
    trial.listener.failures.append(OSError("the disk was busy"))
    with pytest.raises(OSError, match="busy"):
        await trial.inbox.handle(training)
    assert trial.messages.tables.inbox == []
    await trial.inbox.handle(training)
    assert trial.listener.handled == [training]


async def test_a_malformed_event_is_refused_with_every_fault(trial: Trial, training: Event) -> None:
    """The text says where and what, for at most five faults."""
    broken = {**json.loads(training.model_dump_json()), "id": "no", "source": "", "time": "soon", "traceparent": "x"}
    with pytest.raises(RejectedError, match="^malformed event: id: .*; source: .*; time: .*; traceparent: "):
        await trial.inbox.receive(json.dumps(broken))
    with pytest.raises(RejectedError) as refused:
        await trial.inbox.receive(json.dumps({**broken, "specversion": "2", "subject": "x", "dataschema": 1}))
    assert str(refused.value).count("; ") == 4


async def test_an_event_that_nobody_listens_to_is_refused(trial: Trial) -> None:
    """A type without a handler never reaches the database."""
    promoted = json.loads(training_event().model_dump_json()) | {
        "type": "MODEL_PROMOTION_FAILED",
        "data": {
            "board_type": "hex8", "num_players": 2, "digest": "0" * 64, "verdict": "failed", "reasons": [],
            "decision_id": "00000000-0000-4000-8000-000000000000",
        },
    }  # fmt: skip
    with pytest.raises(RejectedError, match="does not listen to MODEL_PROMOTION_FAILED"):
        await trial.inbox.receive(json.dumps(promoted))
    assert trial.database.commits == 0


async def test_a_dead_letter_has_what_is_needed_to_mend_it(trial: Trial, training: Event) -> None:
    """Fingerprint of the whole message, its event's id, and text that Postgres takes; long ones are cut."""
    payload = training.model_dump_json()
    await trial.inbox.bury("subject", payload, "r" * 3000, 7)
    await trial.inbox.bury("other", b"\x00\xff" + b"x" * (65_536 + 10), "why", 1)
    first, second = await trial.inbox.dead_letters(None, 0, 10)  # type: ignore[arg-type]
    assert (first.event_id, first.subject, first.payload, first.deliveries) == (str(training.id), "subject", payload, 7)
    assert first.reason == "r" * 2000
    assert (second.event_id, second.payload[:2], len(second.payload)) == (None, "\ufffd\ufffd", 65_536)
    assert hashlib.sha256(payload.encode()).hexdigest() in trial.messages.tables.letters
    assert [each.id for each in await trial.inbox.dead_letters(None, first.id, 1)] == [second.id]  # type: ignore[arg-type]


async def test_a_dead_letter_is_replayed_once_its_cause_is_mended(trial: Trial, training: Event) -> None:
    """Until then the replay is refused and the letter stays as it is; a letter that is not there is said."""
    await trial.inbox.bury("subject", training.model_dump_json(), "not now", 1)
    [letter] = await trial.inbox.dead_letters(None, 0, 10)  # type: ignore[arg-type]
    trial.listener.failures.append(RejectedError("still not"))
    with pytest.raises(RejectedError, match="still not"):
        await trial.inbox.replay(letter.id)
    assert (await trial.inbox.dead_letters(None, 0, 10))[0].replayed_at is None  # type: ignore[arg-type]
    assert await trial.inbox.replay(letter.id)
    assert (await trial.inbox.dead_letters(None, 0, 10))[0].replayed_at is not None  # type: ignore[arg-type]
    assert trial.listener.handled == [training]
    assert not await trial.inbox.replay(letter.id + 1)


async def test_f09_a_letter_from_the_bus_is_not_believed_when_it_is_replayed(trial: Trial, training: Event) -> None:
    """What an earlier version buried of the bus may be anybody's, and an operator's replay proves nothing."""
    await trial.inbox.bury(training.nats_subject, training.model_dump_json(), "not now", 1)
    [letter] = await trial.inbox.dead_letters(None, 0, 10)  # type: ignore[arg-type]
    with pytest.raises(RejectedError, match="came over the bus"):
        await trial.inbox.replay(letter.id)
    assert trial.listener.handled == []


async def test_the_cursor_of_a_feed_is_kept(trial: Trial) -> None:
    """A cursor is kept for each producer by itself."""
    assert await trial.inbox.cursor("promotion") is None
    await trial.inbox.advance("promotion", "3.4")
    assert await trial.inbox.cursor("promotion") == "3.4"
    assert await trial.inbox.cursor("gauntlet") is None
