"""A recorded game is told move by move through the service's own door, by a process that is there while people look."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from typing import Any

import pytest

from play.record import PlayedGame
from services.gauntlet.errors import BusyError, NotTellableError
from services.gauntlet.replayer import MOST_WAITING, Replayer
from services.gauntlet.worker.executor import WorkerLostError
from services.gauntlet.worker.job import Replayed, Task, WorkerMessage
from shared.contract.replay import GameReplay, ReplayedMove
from tests.gauntlet.conftest import Suite
from tests.gauntlet.fakes import queued
from tests.kit.waiting import async_until

EVALUATION = queued()
GAME = PlayedGame(
    opponent="random", index=0, seed=1, opening_seed=1, seat=0, outcome="win", units=2, decisions=1, network_evaluations=0,
    moves="AAAAAAAAAAA=",
)  # fmt: skip


async def test_a_game_is_told_and_what_is_not_there_is_said(suite: Suite) -> None:
    """Every move with its place on the board, and the result that was recorded; another game, and another evaluation, are not."""
    asked = await suite.ask(model_path=suite.add_demo_model(), games=4)
    await suite.playing(asked["id"])
    address = f"/v1/evaluations/{asked['id']}/games"
    [recorded, *_] = (await suite.get(f"{address}?opponent=random"))["items"]
    told = await suite.get(f"{address}/random/{recorded['index']}/replay")
    assert (told["fault"], len(told["moves"]), told["outcome"]) == (None, recorded["decisions"], recorded["outcome"])
    assert (told["configuration"], told["layout"]["shape"], len(told["layout"]["cells"])) == ("hex8_2p", "hex", 61)
    assert told["moves"][0]["changes"]
    for missing in (
        f"{address}/random/999/replay",
        "/v1/evaluations/00000000-0000-0000-0000-000000000000/games/random/0/replay",
    ):
        assert (await suite.client.get(missing)).status_code == 404, missing


class Teller:
    """A process that says of every game what the test has it say; counts itself. `gate`: what it waits for before."""

    def __init__(self) -> None:
        self.started, self.ended, self.asked = 0, 0, 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.loses = False
        self.pid, self.has_ended = 1, False

    async def start(self) -> "Teller":
        self.started += 1
        return self

    async def messages(self, task: Task) -> AsyncIterator[WorkerMessage]:
        self.asked += 1
        await self.gate.wait()
        if self.loses:
            raise WorkerLostError("the worker was killed")
        yield Replayed(replay=GameReplay(
            configuration="hex8_2p", opponent="random", index=0, seat=0, outcome="win", error=None, layout=None, moves=[],
            opening=ReplayedMove(number=0, seat=None, action=""), scores=None, fault=None,
        ))  # fmt: skip

    def interrupt(self, claim_id: Any) -> None: ...
    def kill(self) -> None: ...
    async def stop(self) -> None:
        self.ended += 1


@pytest.fixture
def teller() -> Teller:
    """A process that answers at once."""
    return Teller()


async def test_a_game_is_told_once_and_its_process_ends_when_nobody_looks(teller: Teller) -> None:
    """The second answer is the first one kept; the process is there only in between."""
    replayer = Replayer(teller, idle_seconds=0.05)
    idle = asyncio.create_task(replayer.run())
    first = await replayer.replay(EVALUATION, GAME)
    assert await replayer.replay(EVALUATION, GAME) == first
    assert json.loads(first)["outcome"] == "win"
    assert (teller.started, teller.asked) == (1, 1)

    async def ended() -> bool:
        return teller.ended == 1

    await async_until(ended, 5)
    await replayer.replay(EVALUATION, GAME.model_copy(update={"index": 1}))
    assert (teller.started, teller.asked) == (2, 2)
    idle.cancel()
    with suppress(asyncio.CancelledError):
        await idle
    assert teller.ended == 2


async def test_a_process_that_is_lost_or_slow_costs_one_answer(teller: Teller) -> None:
    """It is ended, the reason is said, and the next game has another one."""
    replayer, slow = Replayer(teller), Replayer(teller, lambda: asyncio.timeout(0))
    teller.loses = True
    with pytest.raises(NotTellableError, match="was killed"):
        await replayer.replay(EVALUATION, GAME)
    teller.loses = False
    assert await replayer.replay(EVALUATION, GAME)
    assert (teller.started, teller.ended) == (2, 1)
    teller.gate.clear()
    with pytest.raises(NotTellableError, match="longer than"):
        await slow.replay(EVALUATION, GAME)
    assert teller.ended == 2


async def test_only_so_many_wait(teller: Teller) -> None:
    """Whoever comes after them is told to come again, and all of them get the game."""
    replayer = Replayer(teller, nullcontext)
    teller.gate.clear()
    waiting = [asyncio.create_task(replayer.replay(EVALUATION, GAME)) for _ in range(MOST_WAITING)]

    async def asked() -> bool:
        return teller.asked == 1

    await async_until(asked, 5)
    with pytest.raises(BusyError):
        await replayer.replay(EVALUATION, GAME)
    teller.gate.set()
    assert len(set(await asyncio.gather(*waiting))) == 1
    assert teller.asked == 1
