"""The doors as people and programs without our client use them: filled in from the page, through generated clients, in a browser.

And what is no event at all, thrown at the bus.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shared.contract.events import DATA_MODELS
from shared.messaging.bus import Bus
from tests.kit.documents import PROCESSES, document, operations
from tests.kit.http_client import HTTP
from tests.kit.openapi_tools import needed, run
from tests.kit.operator import HEX8
from tests.kit.waiting import until
from tests.suite.doors.programs import PYTHON, TYPESCRIPT
from tests.suite.doors.scene import Scene, promoted, set_up

TRAINING = f"ringrift.events.TRAINING_COMPLETED.{HEX8}"
DATA = {"board_type": "hex8", "num_players": 2, "model_path": "models/trained.pth"}
NO_MODEL = {**DATA, "model_path": "models/none.pth"}
MOST_PAYLOAD = 1_000_000


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One suite for all of them."""
    with set_up() as scene:
        yield scene


@pytest.mark.parametrize("process", PROCESSES)
def test_f62_what_is_only_tried_changes_nothing(scene: Scene, process: str) -> None:
    """Each operation, executed as its page fills it in: a declared answer, no error, and pointer, holds and nodes as before."""
    if scene.version() == 0:
        scene.asks("promotion", "POST", "/admin/promote", json=DATA)
        promoted(scene, 0)
    before = scene.state()
    for operation in operations(process):
        answer = scene.tries(operation)
        assert answer.status_code < 500, f"{operation}: {answer.text}"
        assert answer.status_code not in (400, 405, 415), f"{operation}: {answer.text}"
        assert answer.status_code != 401 or operation.name == "put_model", f"{operation}: {answer.text}"
    assert scene.state() == before


def test_a_generated_python_client_promotes(scene: Scene, tmp_path: Path) -> None:
    """openapi-python-client makes a client of the document alone: it asks, waits, and reads a typed event."""
    generator = needed("openapi-python-client")
    (tmp_path / "promotion.json").write_text(json.dumps(document("promotion")))
    run(
        [generator, "generate", "--path", "promotion.json", "--meta", "none", "--output-path", "ringrift_promotion"],
        tmp_path,
    )
    (tmp_path / "promotes.py").write_text(PYTHON)
    before, python = scene.version(), str(Path(generator).with_name("python"))
    arguments = [scene.url("promotion"), scene.key("promotion"), "models/successor.pth"]
    said = run([python, "promotes.py", *arguments], tmp_path)
    assert said.split() == ["promoted", str(before + 1), str(before + 1), "True"]


def test_generated_typescript_types_promote(scene: Scene, tmp_path: Path) -> None:
    """openapi-typescript makes types of the document: a program compiles under them, and promotes."""
    generator, compiler, node = needed("openapi-typescript"), needed("tsc"), needed("node")
    (tmp_path / "promotion.json").write_text(json.dumps(document("promotion")))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "promotes.ts").write_text(TYPESCRIPT)
    run([generator, "promotion.json", "-o", "promotion.ts"], tmp_path)
    options = [
        "--strict",
        "--target",
        "es2022",
        "--module",
        "nodenext",
        "--lib",
        "es2022,dom",
        "--skipLibCheck",
    ]
    run([compiler, *options, "promotes.ts"], tmp_path)
    before = scene.version()
    arguments = [scene.url("promotion"), scene.key("promotion"), "models/untrained.pth"]
    assert run([node, "promotes.js", *arguments], tmp_path).split() == ["promoted", str(before + 1)]


def test_asyncapi_is_served_to_everybody(scene: Scene) -> None:
    """Each service describes every event, without a key, and its index says where."""
    for service in ("gauntlet", "promotion", "distribution"):
        described = HTTP.get(f"{scene.url(service)}/asyncapi.json").json()
        assert described["asyncapi"].startswith("3.")
        assert set(described["channels"]) == set(DATA_MODELS)
        assert HTTP.get(scene.url(service)).json()["links"]["asyncapi"] == "/asyncapi.json"


def training(**changed: Any) -> bytes:
    """A trainer's announcement, changed."""
    event = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": "/poison",
        "type": "TRAINING_COMPLETED",
        "data": NO_MODEL,
    }
    return json.dumps({**event, **changed}).encode()


def poisons() -> dict[str, bytes]:
    """What no trainer should say, by what is wrong with it."""
    nested = b"[" * 100_000 + b"]" * 100_000
    return {
        "no JSON": b"{",
        "no UTF-8": b"\xff\xfe",
        "empty": b"",
        "a NUL": training(data={**DATA, "model_path": "models/a\0b.pth"}),
        "a NUL in its id": training(id="a\0b"),
        "a lone surrogate": b'{"specversion": "1.0", "id": "\\ud800", "source": "/p", "type": "TRAINING_COMPLETED", "data": {}}',
        "a megabyte": training(data={**DATA, "run_id": "x" * (MOST_PAYLOAD - 500)}),
        "deeply nested": nested,
        "deeply nested data": training(data=0).replace(b'"data": 0', b'"data": ' + nested),
        "another type": training(type="MODEL_PROMOTED"),
        "no type": training(type="NOTHING"),
        "a number": b"7",
    }


async def test_poison_holds_nobody_up(scene: Scene) -> None:
    """Whatever is thrown at the bus lies in a dead letter or is rejected with its reason, and the next announcement is taken."""
    bus = Bus(scene.suite.nats.url, "test")
    try:
        for payload in poisons().values():
            await bus.send(TRAINING, payload, uuid4().hex)
        for event_type in DATA_MODELS:  # a known type's subject and id, with the data of another
            for payload in (b"\0" * 1000, training(type=event_type, id="known", data={"other": [None] * 1000})):
                await bus.send(f"ringrift.events.{event_type}.{HEX8}", payload, uuid4().hex)
        await bus.send(TRAINING, training(source="/after", id="after"), uuid4().hex)
    finally:
        await bus.close()
    found = "/v1/trainings?source=/after&event_id=after&state=accepted"
    until(lambda: scene.get("gauntlet", found)["items"], 60, lambda: scene.suite.log.read_text()[-3000:])
    letters = scene.get("gauntlet", "/v1/dead-letters?limit=1000")["items"]
    rejected = scene.get("gauntlet", "/v1/trainings?source=/poison&state=rejected&limit=1000")["items"]
    assert len(letters) + len(rejected) >= len(poisons())
    assert all(each["reason"] for each in [*letters, *rejected])
    for service in ("gauntlet", "promotion", "distribution"):
        assert scene.asks(service, "GET", "/readyz").is_success


def test_the_page_promotes_in_a_browser(scene: Scene, tmp_path: Path) -> None:
    """A person with a key promotes by hand from /docs, and neither it nor /redoc asks anything of another host."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("there is no chromium on this machine; Debian's package `chromium` has it")
    from tests.suite.doors.browser import promotes_by_hand

    body = {**DATA, "model_path": "models/my_model.pth"}
    before = scene.version()
    asked = promotes_by_hand(
        playwright, browser, scene.url("promotion"), scene.key("promotion"), body, tmp_path / "docs.png"
    )
    promoted(scene, before)
    assert (tmp_path / "docs.png").stat().st_size > 10_000
    assert {httpx.URL(each).netloc for each in asked} == {httpx.URL(scene.url("promotion")).netloc}
