"""Events as documents: the envelope, what is refused, and the documents made from the declarations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.contract.events import DATA_MODELS, Event, EventType
from shared.contract.events.asyncapi import document
from shared.contract.policy import GatePolicy
from tests.shared.conftest import training_event

DOCS = Path(__file__).parents[2] / "docs"


def test_an_event_reads_as_it_was_written() -> None:
    """JSON and back is the same event."""
    event = training_event()
    assert Event.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "MODEL_FORGOTTEN"}, "is no type of event; the types are"),
        ({"subject": "hex8_3p"}, "is not the configuration of the data"),
        ({"type": "MODEL_PROMOTED"}, "version"),
        ({"data": {"board_type": "hex8", "num_players": 2}}, "give model_path"),
        ({"extra": 1}, "extra"),
    ],
)
def test_g03_what_contradicts_itself_is_refused(change: dict[str, object], said: str) -> None:
    """Type, subject and data belong together, and nothing else is let in."""
    with pytest.raises(ValidationError, match=said):
        Event.model_validate_json(json.dumps(json.loads(training_event().model_dump_json()) | change))


def test_openapi_lists_the_declared_types() -> None:
    """Clients are generated with the types that there are."""
    assert TypeAdapter(EventType).json_schema()["enum"] == list(DATA_MODELS)


def test_the_asyncapi_document_is_up_to_date() -> None:
    """docs/asyncapi.json is what `python -m shared.contract.events.asyncapi` prints."""
    assert json.loads((DOCS / "asyncapi.json").read_text()) == document()


def test_the_asyncapi_document_refers_to_nothing_missing() -> None:
    """Every reference leads to a part of the document."""
    made = document()
    for reference in set(_references(made)):
        part = made
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def _references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for value in part.values() for each in _references(value)]
    return [each for value in part for each in _references(value)] if isinstance(part, list) else []


def test_a_policy_is_named_by_its_content() -> None:
    """The same policy has the same name anywhere; another number of games, or threshold, is another policy."""
    policy = GatePolicy(games=20)
    assert GatePolicy().id == "44136fa355b3678a"
    assert policy.id == GatePolicy(games=20).id != GatePolicy().id
    assert policy.asks_the_same_as(GatePolicy())
    assert not policy.asks_the_same_as(GatePolicy(games=20, random_win_rate=0.9))
