"""One declaration of handlers, from which bus filters and feeds follow."""

from __future__ import annotations

import pytest

from shared.contract.events import DATA_MODELS, PRODUCERS, Event, RejectedError
from shared.contract.events.distribution import DistributionFailed
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed
from shared.contract.events.promotion import ModelPromoted
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.handlers import HandlerTable, Message
from tests.shared.conftest import training_event

Handled = list[tuple[str, Event]]


async def note(handled: Handled, tx: object, event: Event, data: object) -> None:
    """Write the event down."""
    assert data is event.data
    handled.append((event.type, event))


async def take(handled: Handled, message: Message) -> None:
    """Take a message from outside."""


def test_types_and_feeds_follow_from_the_handlers() -> None:
    """A trainer's events come over the bus alone; those of services also from the feed of the service that declares them."""
    table: HandlerTable[Handled] = HandlerTable()
    for data in (EvaluationCompleted, ModelPromoted, EvaluationFailed):
        table.on(data)(note)
    table.from_outside(TrainingCompleted)(take)
    handlers = table.bound([])
    assert handlers.types == ("TRAINING_COMPLETED", "EVALUATION_COMPLETED", "MODEL_PROMOTED", "EVALUATION_FAILED")
    assert handlers.feeds == {
        "gauntlet": ("EVALUATION_COMPLETED", "EVALUATION_FAILED"),
        "promotion": ("MODEL_PROMOTED",),
    }


async def test_a_handler_acts_for_its_service() -> None:
    """The handler of an event's type is called with the service that it was bound to."""
    table: HandlerTable[Handled] = HandlerTable()
    table.on(TrainingCompleted)(note)
    handled: Handled = []
    event = training_event()
    await table.bound(handled).of(event)(object(), event)  # type: ignore[arg-type]
    assert handled == [("TRAINING_COMPLETED", event)]


def test_a_type_has_one_handler() -> None:
    """A second one would never be called, so it is refused."""
    table: HandlerTable[Handled] = HandlerTable()
    table.on(ModelPromoted)(note)
    with pytest.raises(ValueError, match="MODEL_PROMOTED has a handler already"):
        table.on(ModelPromoted)(note)


def test_an_event_without_a_handler_is_refused() -> None:
    """It is said by its type."""
    with pytest.raises(RejectedError, match="does not listen to TRAINING_COMPLETED"):
        HandlerTable[Handled]().bound([]).of(training_event())


def test_types_are_named_after_their_classes() -> None:
    """Nothing but the class and its producer is declared."""
    assert (DistributionFailed.event_type, DistributionFailed.producer) == ("DISTRIBUTION_FAILED", "distribution")
    declaring = {module.__name__ for module in PRODUCERS}
    assert {model.__module__ for model in DATA_MODELS.values()} == declaring
    assert all(model.__module__.endswith(model.producer) for model in DATA_MODELS.values())
