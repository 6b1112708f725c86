"""The client of a training loop: nothing that it submits is lost, and nothing that goes wrong reaches the loop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from ringrift_client import NotYetError, RefusedError, Suite, Ticket
from ringrift_client.configuration import parsed
from ringrift_client.spool import Spool
from safetensors.numpy import load_file

from shared.contract.configuration import EVERY_CONFIGURATION, Configuration
from tests.kit.http_server import serving

PROBLEM = "urn:ringrift:problem:"
WEIGHTS = {"layers": [{"weight": np.ones((2, 3), np.float32)}], "value": {"bias": np.zeros(2, np.float32)}}


@dataclass
class FakeServices:
    """The gauntlet and the promotion service in one. `refuses`: the ids of events that can never be evaluated, with the kind of
    problem; `away`: whether it answers 503; `answers`: what a GET gets, by path."""

    heard: list[Any] = field(default_factory=list)
    refuses: dict[str, tuple[int, str]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    away: bool = False
    url: str = ""

    def taken(self) -> list[str]:
        """The ids of the events that were taken, in the order in which each came first."""
        return list(dict.fromkeys(each["id"] for each in self.heard))

    def takes(self, event: Any) -> tuple[int, Any]:
        """What an announcement gets."""
        if self.away:
            return 503, {"type": f"{PROBLEM}dependency-unavailable", "detail": "away"}
        status, kind = self.refuses.get(event["id"], (202, ""))
        if kind:
            return status, {"type": PROBLEM + kind, "detail": f"refused: {kind}"}
        self.heard.append(event)
        return 202, {"id": "t"}

    def shows(self, path: str) -> tuple[int, Any]:
        """What a GET gets; a list of answers is given one after the other, the last again and again."""
        content = self.answers.get(path)
        if isinstance(content, list):
            content = content.pop(0) if len(content) > 1 else content[0]
        return (200, content) if content else (404, {"type": f"{PROBLEM}not-found", "detail": "no such thing"})


@contextmanager
def services() -> Iterator[FakeServices]:
    """Both services on a free loopback port."""
    fake = FakeServices()

    class Handler(BaseHTTPRequestHandler):
        """The two verbs."""

        def do_GET(self) -> None:
            """Show."""
            self.answer(*fake.shows(urlsplit(self.path).path))

        def do_POST(self) -> None:
            """Take."""
            self.answer(*fake.takes(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def answer(self, status: int, content: Any) -> None:
            """As JSON."""
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(Handler) as fake.url:
        yield fake


@pytest.fixture
def fake() -> Iterator[FakeServices]:
    """Both services."""
    with services() as running:
        yield running


def suite_at(url: str, folder: Path) -> Suite:
    """A trainer's suite, with everything of its own in one folder."""
    models, spool = folder / "models", folder / "spool"
    return Suite(url, promotion_url=url, models=models, spool=spool, source="/trainers/a", seconds=5)


def submitted(suite: Suite, number: int) -> Ticket:
    """A small model of a training, by a number."""
    return suite.submit(WEIGHTS, "hex8_2p", architecture="mlp", parameters={"layers": 1}, event_id=str(number))


def test_weights_of_any_framework_become_a_file_that_says_what_it_is(fake: FakeServices, tmp_path: Path) -> None:
    """A tree of arrays is written under the names of a state dict, announced with its digest, and the same again is one file."""
    suite = suite_at(fake.url, tmp_path)
    first, second = submitted(suite, 1), submitted(suite, 1)
    assert (first.state, second.digest) == ("taken", first.digest)
    [path] = (tmp_path / "models" / "submitted").iterdir()
    written = load_file(path)
    assert written["layers.0.weight"].tolist() == WEIGHTS["layers"][0]["weight"].tolist()  # type: ignore[index]
    assert set(written) == {"layers.0.weight", "value.bias"}
    header = path.read_bytes()
    said = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]
    assert said == {"board_type": "hex8", "num_players": "2", "architecture": "mlp", "parameters": '{"layers": 1}'}
    data = fake.heard[0]["data"]
    assert (data["model_path"], data["digest"]) == (f"models/submitted/{path.name}", first.digest)


def test_a_file_is_announced_where_it_lies(fake: FakeServices, tmp_path: Path) -> None:
    """One in the models folder stays there, any other is copied into it; numbers that JSON has not are told as text."""
    suite = suite_at(fake.url, tmp_path)
    inside, outside = tmp_path / "models" / "a.pth", tmp_path / "b.ckpt"
    inside.parent.mkdir()
    inside.write_bytes(b"inside")
    outside.write_bytes(b"outside")
    suite.submit(inside, "square8_3p", final_val_loss=float("nan"), epochs_completed=np.int64(4))
    suite.submit(str(outside), "square8_3p")
    here, copied = (each["data"] for each in fake.heard)
    assert here["model_path"] == "models/a.pth"
    assert (here["final_val_loss"], here["epochs_completed"]) == ("nan", 4)
    assert (tmp_path / copied["model_path"]).read_bytes() == b"outside"
    assert copied["model_path"].endswith(".ckpt")


def test_what_the_suite_cannot_take_waits_and_is_sent_with_the_next(fake: FakeServices, tmp_path: Path) -> None:
    """Oldest first; a refusal that is of the key, not of the announcement, keeps everything."""
    suite = suite_at(fake.url, tmp_path)
    fake.away = True
    assert [submitted(suite, number).state for number in (1, 2)] == ["spooled", "spooled"]
    fake.away, fake.refuses["1"] = False, (401, "unauthorized")
    assert submitted(suite, 3).state == "spooled"
    assert fake.taken() == []
    fake.refuses.clear()
    assert submitted(suite_at(fake.url, tmp_path), 4).state == "taken"
    assert fake.taken() == ["1", "2", "3", "4"]
    assert suite.flush() == 0


def test_a_refused_announcement_blocks_no_other(fake: FakeServices, tmp_path: Path) -> None:
    """It is set aside with its reason, and so is what is no announcement at all."""
    suite = suite_at(fake.url, tmp_path)
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "0-torn.json").write_text("{")
    fake.refuses["1"] = (422, "training-rejected")
    ticket = submitted(suite, 1)
    assert (ticket.state, ticket.reason) == ("refused", "refused: training-rejected")
    assert ticket.verdict(0).code == "submission_refused"
    assert submitted(suite, 2).state == "taken"
    aside = sorted((tmp_path / "spool" / "refused").iterdir())
    assert [json.loads(each.read_text())["reason"] for each in aside] == ["it is no announcement", ticket.reason]


STEPS = st.lists(st.sampled_from(["submit", "refused", "away", "back", "crash", "flush"]), max_size=12)


@given(STEPS)
@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_lost_whatever_happens_between(steps: list[str]) -> None:
    """Absences, refusals, and crashes between sending and deleting: all that can be taken is, each in its turn."""
    with services() as fake, TemporaryDirectory() as folder:
        suite, wanted = suite_at(fake.url, Path(folder)), list[str]()
        for number, step in enumerate(steps):
            if step == "refused":
                fake.refuses[str(number)] = (422, "event-id-reused")
            if step in ("submit", "refused"):
                submitted(suite, number)
                wanted += [str(number)] if step == "submit" else []
            elif step == "crash" and fake.heard:  # it was sent, and not deleted
                Spool(Path(folder) / "spool").put(fake.heard[-1])
            elif step in ("away", "back"):
                fake.away = step == "away"
            else:
                suite.flush()
        fake.away = False
        assert suite.flush() == 0
        assert fake.taken() == wanted


def test_a_full_spool_keeps_the_newest(tmp_path: Path) -> None:
    """The oldest is set aside, and of those the oldest is forgotten."""
    spool = Spool(tmp_path, most=3)
    for number in range(8):
        spool.put({"id": str(number), "source": "/a", "data": {}})
    kept = [spool.read(path) for path in spool.waiting()]
    assert [each["id"] for each in kept if each] == ["5", "6", "7"]
    assert len(list((tmp_path / "refused").iterdir())) == 3


@pytest.mark.parametrize("model", [3, {"a": "text"}, {"a": np.zeros(1, complex)}, "no/such/file.pth"])
def test_a_training_survives_whatever_it_submits(fake: FakeServices, tmp_path: Path, model: Any) -> None:
    """What is no model is told in the ticket, and nothing is announced."""
    ticket = suite_at(fake.url, tmp_path).submit(model, "hex8_2p")
    assert (ticket.state, bool(ticket.reason)) == ("failed", True)
    assert ticket.verdict().code == "submission_failed"
    assert fake.heard == []


def test_a_disk_that_takes_nothing_stops_no_training(fake: FakeServices, tmp_path: Path) -> None:
    """Neither the models folder nor the spool can be made, because a file is in their place."""
    (tmp_path / "models").write_text("")
    assert submitted(suite_at(fake.url, tmp_path), 1).state == "failed"
    (tmp_path / "models").unlink()
    (tmp_path / "spool").write_text("")
    assert submitted(suite_at(fake.url, tmp_path), 1).state == "failed"


def test_configurations_are_read_as_the_suite_reads_them() -> None:
    """Keys of RingRift and of other games give the same board and players; what is none is refused before anything is written."""
    keys = [*map(str, EVERY_CONFIGURATION), "openspiel-hex-board_size-8_2p", "openspiel-a-komi-6~5_2p"]
    assert [tuple(parsed(key)) for key in keys] == [tuple(Configuration.parse(key)) for key in keys]
    with pytest.raises(ValueError, match="'hex8-2p' is no configuration: give one such as hex8_2p"):
        Suite().submit("a.pth", "hex8-2p")


DECISION = {"id": "d", "configuration": "hex8_2p", "why": None, "reasons": ["won"], "verdict": "passed"}


def test_a_verdict_is_waited_for_to_its_end(fake: FakeServices, tmp_path: Path) -> None:
    """A stale decision is no end: the newest one on the same bytes says what became of them."""
    ticket = submitted(suite_at(fake.url, tmp_path), 1)
    training = {"state": "accepted", "evaluation_id": "e", "evaluation_state": "completed"}
    mine = {**DECISION, "digest": ticket.digest}
    stale = {**mine, "evaluation_id": "e", "disposition": "awaiting", "code": "evaluated_again"}
    other = {**mine, "digest": "0", "evaluation_id": "f", "disposition": "refused", "code": "gates_failed"}
    again = {**mine, "evaluation_id": "g", "disposition": "promoted", "code": "gates_passed"}
    fake.answers |= {
        "/v1/trainings": {"items": [training]},
        "/v1/decisions": [{"items": [stale], "next": None}, {"items": [other, again, stale], "next": None}],
        "/v1/configurations/hex8_2p/versions": {"items": [{"version": 4, "decision_id": "d"}]},
    }
    with pytest.raises(NotYetError, match="1 is not decided after 0 s: it is evaluated again: won"):
        ticket.verdict(0)
    found = ticket.verdict(30)
    assert (found.promoted, found.version, found.code, found.reasons) == (True, 4, "gates_passed", ("won",))


def test_a_failed_evaluation_is_a_finding(fake: FakeServices, tmp_path: Path) -> None:
    """With the code and the reason of the gauntlet service, as is a training that it rejected."""
    ticket = submitted(suite_at(fake.url, tmp_path), 1)
    training = {"state": "accepted", "evaluation_id": "e", "evaluation_state": "failed"}
    rejected = {"state": "rejected", "reason": "no such board"}
    fake.answers |= {
        "/v1/trainings": [{"items": [training]}, {"items": [rejected]}],
        "/v1/evaluations/e": {"failure_code": "model_invalid", "failure_reason": "NaN"},
    }
    assert [(found.code, found.reasons) for found in (ticket.verdict(0), ticket.verdict(0))] == [
        ("model_invalid", ("NaN",)), ("training_rejected", ("no such board",)),
    ]  # fmt: skip


def test_what_is_canonical_is_followed(fake: FakeServices, tmp_path: Path) -> None:
    """Nothing before the first version, then each new one once."""
    suite = suite_at(fake.url, tmp_path)
    assert suite.current("hex8_2p") is None
    fake.answers["/v1/configurations/hex8_2p/canonical"] = [{"version": each} for each in (1, 1, 2, 4)]
    following = suite.follow("hex8_2p", seconds=0)
    assert [next(following)["version"] for _ in range(3)] == [1, 2, 4]


def test_the_curriculum_is_weights_by_configuration(fake: FakeServices, tmp_path: Path) -> None:
    """As a training loop shares itself out."""
    fake.answers["/v1/curriculum"] = {"items": [{"configuration": "hex8_2p", "weight": 1.5}]}
    assert suite_at(fake.url, tmp_path).curriculum() == {"hex8_2p": 1.5}


def test_a_key_that_may_not_ask_is_told(fake: FakeServices, tmp_path: Path) -> None:
    """Waiting for a verdict ends at once with the refusal."""
    ticket = submitted(suite_at(fake.url, tmp_path), 1)
    with pytest.raises(RefusedError, match="404"):
        ticket.verdict(60)
