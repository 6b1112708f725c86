"""What a running suite tells those who watch it: figures, traces and logs, of one training from its announcement to the node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.kit.collector import Collector, Seen, collecting
from tests.kit.figures import answered, documented
from tests.kit.http_client import HTTP
from tests.kit.operator import HEX8, Operator, running_suite
from tests.kit.waiting import until

pytest.importorskip("opentelemetry.sdk", reason="the extra tracing is not installed")
PROCESSES = {"gauntlet": "gauntlet", "promotion": "promotion", "distribution": "distribution", "agent": "node-1"}
"""Each kind of process, and the one that is asked."""
TRACE, TRAINER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
"""Of the trainer, which has a trace of its own."""
STORY = {
    ("ringrift-gauntlet", "TRAINING_COMPLETED"), ("ringrift-gauntlet", "take in the model"), ("ringrift-worker", "play"),
    ("ringrift-gauntlet", "PUT /v1/work/claims/{claim_id}"), ("ringrift-promotion", "handle EVALUATION_COMPLETED"),
    ("ringrift-distribution", "handle MODEL_PROMOTED"), ("ringrift-gauntlet", "handle MODEL_PROMOTED"),
    ("ringrift-distribution", "order"), ("ringrift-agent", "PUT /v1/models/{configuration}"), ("ringrift-agent", "fetch"),
    ("ringrift-agent", "reload"), ("ringrift-distribution", "DISTRIBUTION_COMPLETED"),
}  # fmt: skip


class Watched(NamedTuple):
    """A suite in which one model came to its node, and what it told meanwhile."""

    operator: Operator
    collector: Collector
    evaluation: str


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    """All games are played by a worker over HTTP, and the node tells whoever plays there."""
    with collecting() as collector:
        settings = {
            "TRACES_URL": collector.url, "GAUNTLET_WORKERS": "0", "AGENT_RELOAD_COMMAND": "true",
        }  # fmt: skip
        with running_suite(settings) as operator, worker(operator):
            event = operator.training_completed("trained").model_dump(mode="json")
            told = {**event, "traceparent": f"00-{TRACE}-{TRAINER}-01"}
            answer = HTTP.post(f"{operator.suite.addresses.url('gauntlet')}/v1/trainings", json=told)
            assert answer.is_success, answer.text
            operator.delivered("trained")
            yield Watched(operator, collector, answer.json()["id"])


@contextmanager
def worker(operator: Operator) -> Iterator[None]:
    """A worker on another machine, as it were, with the suite's settings of traces."""
    environment = {**os.environ, **operator.suite.environment("gauntlet")}
    command = [sys.executable, "-c", "from cli.main import app; app()", "gauntlet-worker"]
    with operator.suite.log.open("ab") as log, subprocess.Popen(command, env=environment, stderr=log) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.mark.parametrize("process", PROCESSES)
def test_the_figures_are_those_of_the_page(watched: Watched, process: str) -> None:
    """Each process tells exactly the figures that docs/observability.md has of it, with their labels; Prometheus finds no fault."""
    metrics = HTTP.get(f"{watched.operator.suite.addresses.url(PROCESSES[process])}/metrics").text
    told, promised = answered(metrics), documented(process)
    assert set(told) == set(promised)
    assert not [each for each in told.values() if each.labels and each != promised[each.name]]
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=metrics, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_one_trace_leads_from_the_trainer_to_the_node(watched: Watched) -> None:
    """Every process has its spans in the trainer's trace, and each hangs on another of them, or on the trainer's own."""

    def told() -> list[Seen]:
        return watched.collector.of(TRACE)

    until(lambda: {(each.service, each.name) for each in told()} >= STORY, 30, lambda: str(sorted(set(told()))))
    known = {each.span for each in told()} | {TRAINER}
    until(
        lambda: all(each.parent in {*known, *(span.span for span in told())} for each in told()),
        15,
        lambda: str(told()),
    )
    assert not [each for each in told() if each.failed]
    [played, *_] = [each for each in told() if each.name == "play"]
    assert played.about["ringrift.evaluation_id"] == watched.evaluation
    assert played.about["ringrift.configuration"] == HEX8


def test_log_lines_say_their_trace_and_what_they_are_about(watched: Watched) -> None:
    """A search for the trace finds the line of every process, with the configuration, and the evaluation where there is one."""
    lines: list[Any] = [
        json.loads(line) for line in watched.operator.suite.log.read_text().splitlines() if line.startswith("{")
    ]
    mine = [line for line in lines if line.get("trace_id") == TRACE]
    found = {(line["service"], line["event"]): line for line in mine}
    expected = {
        ("worker", "played"), ("gauntlet", "gauntlet completed"), ("promotion", "decided"), ("agent", "published"),
        ("agent", "reloaded"), ("distribution", "handled"),
    }  # fmt: skip
    assert expected <= set(found), sorted(found)
    assert {line["configuration"] for line in mine} == {HEX8}
    for of in ("worker", "played"), ("gauntlet", "gauntlet completed"), ("promotion", "decided"):
        assert found[of]["evaluation_id"] == watched.evaluation
