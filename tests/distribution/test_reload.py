"""Whoever plays on a node is told of another model, until it is taken up; what came of it is known."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.distribution.agent.reload import CommandHook, Hook, Reloader, ReloadError, Taken, UrlHook
from services.distribution.agent.schemas import Reload
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.store import ModelStore
from shared.process.http_client import new_outside_client
from tests.kit.waiting import async_until, until

KEY = "hex8_2p"
TAKEN = Taken(configuration=KEY, version=7, digest="a" * 64, path="/models/x.pth")


def hold(store: ModelStore, version: int, content: bytes) -> str:
    """Another model gets its place."""
    digest = hashlib.sha256(content).hexdigest()
    part = store.part(KEY, digest)
    part.write(content)
    store.publish(KEY, version, digest, part)
    return digest


@dataclass
class Player:
    """A hook that remembers what it was told, and fails as often as it is to."""

    failures: int = 0
    told: list[int] = field(default_factory=list)

    async def tell(self, taken: Taken) -> None:
        """Take it up, or not."""
        self.told.append(taken.version)
        if self.failures:
            self.failures -= 1
            raise ReloadError("busy")


@asynccontextmanager
async def reloading(store: ModelStore, hook: Hook, folder: Path) -> AsyncIterator[tuple[Reloader, asyncio.Event]]:
    """A running reloader, and what wakes it."""
    changed = asyncio.Event()
    reloader = Reloader(store, hook, folder, changed)
    task = asyncio.create_task(reloader.run())
    try:
        yield reloader, changed
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_version_is_told_once_across_starts(tmp_path: Path) -> None:
    """What was taken up is not told again by the next process of the agent; what was not, is."""
    store, player = ModelStore(tmp_path), Player()
    digest = hold(store, 1, b"one")
    async with reloading(store, player, tmp_path / "reloads") as (reloader, changed):
        await async_until(lambda: _taken_up(reloader, 1))
        hold(store, 2, b"two")
        changed.set()
        await async_until(lambda: _kept(tmp_path / "reloads", 2))
    assert player.told == [1, 2]
    async with reloading(store, player, tmp_path / "reloads") as (reloader, _):
        await async_until(lambda: _taken_up(reloader, 2))
    assert player.told == [1, 2]
    store.admit(KEY, 3, digest)
    async with reloading(store, player, tmp_path / "reloads") as (reloader, _):
        await async_until(lambda: _taken_up(reloader, 3))
    assert player.told == [1, 2, 3]


async def test_a_failure_is_said_and_tried_again(tmp_path: Path) -> None:
    """Whatever wakes it first; a model that came meanwhile is told in its place."""
    store, player = ModelStore(tmp_path), Player(failures=1)
    hold(store, 1, b"one")
    async with reloading(store, player, tmp_path / "reloads") as (reloader, changed):
        await async_until(lambda: _failed(reloader, "busy"))
        hold(store, 2, b"two")
        changed.set()
        await async_until(lambda: _taken_up(reloader, 2))
    assert player.told == [1, 2]


async def _kept(folder: Path, version: int) -> bool:
    """Whether the next process of the agent will know that it was taken up."""
    path = folder / f"{KEY}.json"
    return path.exists() and Reload.model_validate_json(path.read_bytes()).version == version


async def _taken_up(reloader: Reloader, version: int) -> bool:
    last = reloader.reloads.get(KEY)
    return last is not None and last.version == version and last.error is None


async def _failed(reloader: Reloader, error: str) -> bool:
    last = reloader.reloads.get(KEY)
    return last is not None and last.error == error


def command(program: str, *arguments: str) -> Sequence[str]:
    """A program in Python."""
    return (sys.executable, "-c", program, *arguments)


async def test_a_command_knows_the_model_and_none_of_the_agents_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the four variables, and no RINGRIFT_ one."""
    monkeypatch.setenv("RINGRIFT_JOIN_TOKEN", "secret")
    told = tmp_path / "told"
    program = "import json, os, sys; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ)))"
    await CommandHook(command(program, str(told)), 60).tell(TAKEN)
    given = json.loads(told.read_text())
    assert {name: value for name, value in given.items() if name.startswith(("MODEL_", "RINGRIFT_"))} == {
        "MODEL_CONFIGURATION": KEY, "MODEL_VERSION": "7", "MODEL_DIGEST": "a" * 64, "MODEL_PATH": "/models/x.pth",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (command("print('first'); raise SystemExit('no such game')"), "exit code 1: no such game"),
        (command("raise SystemExit(3)"), "exit code 3: it said nothing"),
        (["/no/such/program"], "/no/such/program: No such file"),
    ],
)
async def test_a_command_that_fails_says_why(arguments: Sequence[str], said: str) -> None:
    """Its exit code and its last line, or why it could not be run."""
    with pytest.raises(ReloadError, match=said):
        await CommandHook(arguments, 60).tell(TAKEN)


async def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    """After its time, with what it started."""
    child = tmp_path / "child"
    hook = CommandHook(["sh", "-c", f"sleep 600 & echo $! > {child}; sleep 600"], 1)
    with pytest.raises(TimeoutError):
        await hook.tell(TAKEN)
    state = Path(f"/proc/{child.read_text().strip()}/stat")
    until(lambda: not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z")


async def test_an_address_is_told() -> None:
    """Success is 2xx; anything else is said, and so is that nobody is there."""
    client = new_outside_client(AgentSettings(agent_node="node-1"))
    received: list[Any] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        received.append(json.loads(await reader.readexactly(length)))
        status = b"204 No Content" if len(received) == 1 else b"503 Busy"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hook = UrlHook(client, f"http://127.0.0.1:{port}/reload", 60)
    await hook.tell(TAKEN)
    assert received == [TAKEN.model_dump()]
    with pytest.raises(ReloadError, match="answered 503"):
        await hook.tell(TAKEN)
    server.close()
    await server.wait_closed()
    with pytest.raises(ReloadError, match="Connect"):
        await hook.tell(TAKEN)
    await client.aclose()


def test_one_way_of_telling_is_enough() -> None:
    """Both at once are refused at the start."""
    both = AgentSettings(agent_node="n", agent_reload_command="true", agent_reload_url="http://127.0.0.1:9/")
    assert "give one" in both.faults()[0]
