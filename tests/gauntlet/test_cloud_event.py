"""Reading CloudEvents from outside: whatever the specification allows is read, and whatever else is refused in words."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gauntlet.cloud_event import LONGEST_EVENT, CloudEvent, UnreadableError, read
from services.gauntlet.training import EventIdReusedError, Training, training_id
from shared.contract.words import TrainingState

DATA = {"board_type": "hex8", "num_players": 2, "model_path": "models/a.pth"}
EVENT = {"specversion": "1.0", "id": "1", "source": "/t", "type": "TRAINING_COMPLETED", "data": DATA}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def structured(document: object) -> CloudEvent:
    """An event as it comes in structured mode."""
    return read({"Content-Type": "application/cloudevents+json; charset=utf-8"}, json.dumps(document).encode())


def training(**changed: Any) -> Training:
    """What becomes of an announcement that differs so from a good one."""
    return Training.of(structured({**EVENT, **changed}), "http")[0]


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({"content-type": "application/cloudevents+json"}, json.dumps(EVENT)),
        ({}, json.dumps(EVENT)),
        (
            {
                "CE-Specversion": "1.0", "ce-id": "1", "ce-source": "/t", "ce-type": "TRAINING_COMPLETED",
                "Content-Type": "application/json",
            },
            json.dumps(DATA),
        ),
        ({}, json.dumps({**EVENT, "data": None, "data_base64": base64.b64encode(json.dumps(DATA).encode()).decode()})),
    ],
    ids=["structured", "without a content type", "binary", "base64"],
)  # fmt: skip
def test_f66_every_mode_is_read(headers: dict[str, str], payload: str) -> None:
    """Both content modes and both ways of giving the data lead to one event."""
    event = read(headers, payload.encode())
    assert (event.id, event.source, event.type, event.data) == ("1", "/t", "TRAINING_COMPLETED", DATA)
    assert Training.of(event, "nats")[1] is not None


def test_f66_what_nobody_knows_is_kept() -> None:
    """Extension attributes and further data are kept, and nothing optional is needed."""
    kept = training(id="run 7/epoch 40", runid="7", partitionkey=3, data={**DATA, "my_metric": [0.5]})
    assert kept.state is TrainingState.ACCEPTED
    assert (kept.event["runid"], kept.event["partitionkey"], kept.event["data"]["my_metric"]) == ("7", 3, [0.5])


def test_f66_the_trace_goes_on() -> None:
    """A traceparent of the trainer's is continued; without one, or with a wrong one, a trace begins."""
    given = f"00-{'a' * 32}-{'b' * 16}-01"
    assert structured({**EVENT, "traceparent": given}).traceparent == given
    assert structured({**EVENT, "traceparent": "x"}).traceparent.startswith("00-")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "is no CloudEvent"),
        (DATA, "is no CloudEvent"),
        ({**EVENT, "specversion": "0.3"}, "specversion is '0.3'"),
        ({**EVENT, "id": ""}, "id is missing"),
        ({**EVENT, "source": None}, "source is missing"),
        ({**EVENT, "id": 7}, "id is no text"),
        ({**EVENT, "id": "a\nb"}, "control characters"),
        ({**EVENT, "source": "x" * 2000}, "1024 are the most"),
        ({**EVENT, "time": "yesterday"}, "must look like"),
        ({**EVENT, "time": "2026-01-01T00:00:00"}, "must look like"),
        ({**EVENT, "datacontenttype": "text/xml"}, "must be application/json"),
        ({**EVENT, "data_base64": "%"}, "is no base64"),
        ({**EVENT, "data": {**DATA, "run_id": "\0"}}, "U\\+0000"),
        ({**EVENT, "data": {**DATA, "run_id": "\ud800"}}, "is no JSON"),
    ],
)
def test_f66_what_is_no_event_is_refused_in_words(document: object, said: str) -> None:
    """The text says what is wrong, or what would be right."""
    with pytest.raises(UnreadableError, match=said):
        structured(document)


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"\xff" * 9, b"[" * 100_000, b"9" * 10_000, b'{"a": NaN}', b"x" * (LONGEST_EVENT + 1)]
)
def test_hostile_bytes_are_refused(payload: bytes) -> None:
    """Whatever comes, reading it ends in words."""
    with pytest.raises(UnreadableError):
        read({}, payload)


def test_a_batch_is_refused() -> None:
    """It is said that each event is to be sent by itself."""
    with pytest.raises(UnreadableError, match="each by itself"):
        read({"content-type": "application/cloudevents-batch+json"}, b"[]")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*EVENT, "time", "subject", "x"]), JSON))
def test_any_document_is_read_or_refused(changed: dict[str, Any]) -> None:
    """No document makes reading, or judging what it says, fail in another way."""
    try:
        event = structured({**EVENT, **changed})
    except (UnreadableError, ValueError):  # ValueError: what json.dumps of the test cannot write
        return
    kept, data = Training.of(event, "http")
    assert (data is None) == (kept.state is TrainingState.REJECTED) == bool(kept.reason)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"type": "MODEL_PROMOTED"}, "only TRAINING_COMPLETED"),
        ({"data": None}, "data must be an object"),
        ({"data": {**DATA, "board_type": "hex9"}}, "board_type"),
        ({"data": {**DATA, "num_players": "2"}}, "num_players"),
        ({"data": {"board_type": "hex8", "num_players": 2}}, "give model_path"),
        ({"subject": "square8_2p"}, "the data are of hex8_2p"),
    ],
)
def test_what_cannot_be_evaluated_is_rejected(changed: dict[str, Any], said: str) -> None:
    """The reason names what is wrong with what is needed."""
    rejected = training(**changed)
    assert rejected.state is TrainingState.REJECTED
    assert said in (rejected.reason or "")


@pytest.mark.parametrize(
    ("board", "configuration"),
    [
        ("hex8", "hex8_2p"),
        ("openspiel:go(komi=6.5)", "openspiel-go-komi-6~5_2p"),
        ("hex9", None),
        (f"a:{'b' * 200}", None),
        (8, None),
    ],
)
def test_a_rejected_training_is_of_a_configuration_if_it_names_one(board: object, configuration: str | None) -> None:
    """In the key that events carry; what is no board type, or too long for one, names none."""
    rejected = training(data={"board_type": board, "num_players": 2})
    assert (rejected.state, rejected.configuration) == (TrainingState.REJECTED, configuration)


def test_a_wrong_metric_does_not_cost_the_training() -> None:
    """What is not needed is noted, kept and not used."""
    accepted = training(subject="my run", data={**DATA, "epochs_completed": "many", "duration_seconds": -1})
    assert accepted.state is TrainingState.ACCEPTED
    assert [note.split(":")[0] for note in accepted.notes] == ["epochs_completed", "duration_seconds"]


def test_a_wrong_network_is_noted() -> None:
    """A trainer may say of its network what means nothing here; a file that says its own is evaluated all the same."""
    for network in ({"architecture": "my net"}, {"parameters": {"depth": 1.5}}, {"parameters": {"a b": 1}}):
        accepted = training(data={**DATA, **network})
        assert accepted.state is TrainingState.ACCEPTED
        assert [note.split(":")[0].split(".")[0] for note in accepted.notes] == list(network)


def test_f06_source_and_id_together_are_the_identity() -> None:
    """The same id from two sources is two trainings; what one source said under an id, it cannot change."""
    assert training_id("/a", "1") != training_id("/b", "1")
    assert training_id("/a", "b\u00a01") != training_id("/a\u00a0b", "1")
    first, other = training(), training(data={**DATA, "model_path": "models/b.pth"})
    assert training(time="2026-01-01T00:00:00Z").repeats(first)
    assert not other.repeats(first)
    with pytest.raises(EventIdReusedError, match="use a new id"):
        first.require_replaceable()
    training(data={}).require_replaceable()
