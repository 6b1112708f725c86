"""Games are claimed and reported through the HTTP door, by workers that the service knows nothing of but their key."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import httpx
import pytest

from services.gauntlet.worker.work import PROTOCOL, Work, WorkReport
from shared.contract.policy import GatePolicy
from shared.contract.words import MOST_GAMES
from shared.process.credentials import SCOPES
from tests.gauntlet.conftest import Suite
from tests.gauntlet.test_keys import KEYS
from tests.gauntlet.trial import played, report

CLAIMS = "/v1/work/claims"
NOBODY = "00000000-0000-0000-0000-000000000000"
WISH = {"worker": "gpu-7:1"}


@pytest.fixture
def settings_changed() -> dict[str, Any]:
    """Every worker is elsewhere, and each scope has a key that is called like it."""
    return {"gauntlet_workers": 0, "api_keys": KEYS}


@pytest.fixture
def policy() -> GatePolicy:
    """Two blocks against each opponent, that are all to be won."""
    return GatePolicy(games=4, random_win_rate=1.0, heuristic_win_rate=1.0)


class Elsewhere:
    """A worker on another machine: the service's doors, and a key."""

    def __init__(self, suite: Suite, key: str = "play") -> None:
        self.suite, self._headers = suite, {"Authorization": f"Bearer {key}"}

    async def request(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """One request with its key."""
        return await self.suite.client.request(method, path, headers=self._headers, **sent)

    async def claim(self, **wish: Any) -> Work:
        """Work, which there is."""
        answer = await self.request("POST", CLAIMS, json={**WISH, "wait_seconds": 30, **wish})
        assert answer.status_code == 201, answer.text
        work = Work.model_validate_json(answer.content)
        assert answer.headers["location"] == f"{CLAIMS}/{work.claim_id}"
        return work

    async def report(self, work: Work, said: WorkReport | dict[str, Any] | str | bytes) -> httpx.Response:
        """Say what came of it, in whatever words."""
        if isinstance(said, WorkReport):
            said = said.model_dump(mode="json")
        sent: dict[str, Any] = {"json": said} if isinstance(said, dict) else {"content": said}
        return await self.request("PUT", f"{CLAIMS}/{work.claim_id}", **sent)


@pytest.fixture
async def elsewhere(suite: Suite) -> Elsewhere:
    """A worker with a key of scope `play`; the suite's own client operates."""
    suite.client.headers["Authorization"] = "Bearer operate"
    return Elsewhere(suite)


async def asked(suite: Suite, name: str = "trained") -> str:
    """An evaluation that waits to be played."""
    evaluation_id: str = (await suite.ask(model_path=suite.add_demo_model(name)))["id"]
    return evaluation_id


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind."""
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


async def test_an_evaluation_is_played_by_workers_elsewhere(elsewhere: Elsewhere) -> None:
    """They fetch its model, play and report, and it ends with what they said; without work they are told so."""
    suite = elsewhere.suite
    assert (await elsewhere.request("POST", CLAIMS, json=WISH)).status_code == 204
    evaluation_id = await asked(suite)
    met = set()
    while (await suite.get(f"/v1/evaluations/{evaluation_id}"))["state"] != "completed":
        work = await elsewhere.claim()
        met.add(work.opponent)
        assert str(work.evaluation_id) == evaluation_id
        model = await elsewhere.request("GET", f"/v1/artifacts/{work.candidate.digest}")
        assert hashlib.sha256(model.content).hexdigest() == work.candidate.digest
        assert (await elsewhere.report(work, WorkReport())).json() == {"alive": True, "report_seconds": 2.0}
        said = await elsewhere.report(work, report(work))
        assert (said.status_code, said.json()["alive"]) == (200, False), said.text
    assert met == {"random", "heuristic"}
    ended = await suite.ended(evaluation_id)
    assert [(each["opponent"], each["wins"]) for each in ended["opponents"]] == [("random", 4), ("heuristic", 4)]


async def test_a_worker_waits_until_there_is_work(elsewhere: Elsewhere) -> None:
    """As long as it said, and it is served as soon as there is some."""
    waiting = asyncio.create_task(elsewhere.claim(wait_seconds=60))
    evaluation_id = await asked(elsewhere.suite)
    assert str((await waiting).evaluation_id) == evaluation_id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", CLAIMS),
        ("PUT", f"{CLAIMS}/{NOBODY}"),
        ("POST", f"{CLAIMS}/{NOBODY}/failure"),
        ("DELETE", f"{CLAIMS}/{NOBODY}"),
    ],
)
async def test_f58_only_those_who_may_play_do(elsewhere: Elsewhere, method: str, path: str) -> None:
    """Without a key, or with another's, nothing is claimed, reported or given back."""
    for key in ("", "wrong", "PLAY"):
        assert (await Elsewhere(elsewhere.suite, key).request(method, path, json={})).status_code == 401
    for scope in set(SCOPES) - {"play", "operate", "force"}:
        assert (await Elsewhere(elsewhere.suite, scope).request(method, path, json={})).status_code == 403


@pytest.mark.parametrize(
    ("oldest", "newest", "status"),
    [(PROTOCOL, PROTOCOL, 204), (1, 10_000, 204), (PROTOCOL + 1, PROTOCOL + 3, 409), (1, 1, 409), (0, 1, 422)],
)
async def test_a_worker_of_another_time_is_told_so(elsewhere: Elsewhere, oldest: int, newest: int, status: int) -> None:
    """The range of protocols that it speaks must have this service's in it; the answer names both."""
    wish = {**WISH, "oldest_protocol": oldest, "newest_protocol": newest}
    answer = await elsewhere.request("POST", CLAIMS, json=wish)
    assert answer.status_code == status
    if status == 409:
        assert problem(answer) == (409, "protocol-unsupported")
        assert f"speaks protocol {PROTOCOL}, the worker {oldest} to {newest}" in answer.json()["detail"]


async def test_a_claim_that_is_over_is_gone(elsewhere: Elsewhere) -> None:
    """Also one that there never was; giving it back is no error, and what is no id is refused."""
    for said in ({}, {"done": True}):
        answer = await elsewhere.request("PUT", f"{CLAIMS}/{NOBODY}", json=said)
        assert problem(answer) == (410, "claim-over")
    failure = {"code": "internal", "reason": "out of order"}
    assert problem(await elsewhere.request("POST", f"{CLAIMS}/{NOBODY}/failure", json=failure)) == (410, "claim-over")
    assert (await elsewhere.request("DELETE", f"{CLAIMS}/{NOBODY}")).status_code == 204
    assert (await elsewhere.request("PUT", f"{CLAIMS}/none", json={})).status_code == 422


async def test_a_cancelled_evaluation_is_not_played_on(elsewhere: Elsewhere) -> None:
    """Its workers learn it with their next report."""
    evaluation_id = await asked(elsewhere.suite)
    work = await elsewhere.claim()
    await elsewhere.suite.client.post(f"/v1/evaluations/{evaluation_id}/cancel")
    assert problem(await elsewhere.report(work, report(work))) == (410, "claim-over")


WRONG: dict[str, Any] = {
    "no JSON": "games", "half a JSON": '{"games": [', "no object": "[]", "nothing": "",
    "no number": '{"cpu_seconds": NaN}', "no end": '{"cpu_seconds": Infinity}', "a cost below nothing": {"cpu_seconds": -1},
    "a cost beyond measure": {"cpu_seconds": 1e300}, "surplus below nothing": {"surplus_games": -1},
    "more surplus than games": {"surplus_games": MOST_GAMES + 1}, "a field too many": {"verdict": "passed"},
    "games that are none": {"games": [{}]}, "too many games": {"games": [{}] * (MOST_GAMES + 1)}, "no list": {"games": 7},
    "deep": '{"games": ' + "[" * 2000 + "]" * 2000 + "}", "no model": {"model": {}}, "a model of letters": {"model": "mlp"},
    "a model with U+0000": {"model": {"architecture": "a\0b", "parameters": 1}},
    "notes with U+0000": {"model": {"architecture": "mlp", "parameters": 1, "notes": ["a\0b"]}},
    "a format with U+0000": {"model": {"architecture": "mlp", "parameters": 1, "format": "a\0b"}},
    "a strength that is none": '{"model": {"architecture": "mlp", "parameters": 1, "elo": NaN}}',
    "a lone surrogate": '{"model": {"architecture": "\\ud800", "parameters": 1}}',
    "no confinement": {"confinement": "absolute"}, "bytes": b"\xff\xfe{}",
}  # fmt: skip


async def test_f59_what_is_no_report_is_refused_and_changes_nothing(elsewhere: Elsewhere) -> None:
    """Whatever it is, the service says what is wrong, and the claim is good for a true report."""
    evaluation_id = await asked(elsewhere.suite)
    work = await elsewhere.claim()
    before = await elsewhere.suite.get(f"/v1/evaluations/{evaluation_id}")
    for name, said in WRONG.items():
        answer = await elsewhere.report(work, said)
        assert answer.status_code == 422, (name, answer.status_code, answer.text[:300])
    assert await elsewhere.suite.get(f"/v1/evaluations/{evaluation_id}") == before
    assert (await elsewhere.report(work, report(work))).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "errored", "units": None, "error": "a\0b"}, {"error": "why"}, {"engine": "a\0b"},
        {"network_evaluations": 1 << 63}, {"decisions": 1 << 40}, {"seed": 1 << 80},
        {"units": 1 << 70}, {"index": 1 << 70}, {"moves": "a\0b"}, {"moves": "\ud7ff" * 4}, {"seat": 3}, {"units": 1},
    ],
)  # fmt: skip
async def test_f59_a_game_that_cannot_be_is_refused(elsewhere: Elsewhere, changed: dict[str, Any]) -> None:
    """Neither what cannot be stored, nor what was not planned, nor what contradicts itself."""
    await asked(elsewhere.suite)
    work = await elsewhere.claim()
    games = [each.model_dump() for each in played(work)]
    answer = await elsewhere.report(work, {"games": [{**games[0], **changed}, *games[1:]]})
    assert answer.status_code == 422, answer.text
    assert (await elsewhere.report(work, {"games": games})).status_code == 200


async def test_f59_a_report_that_is_too_large_is_refused(elsewhere: Elsewhere) -> None:
    """Before it is read."""
    await asked(elsewhere.suite)
    work = await elsewhere.claim()
    [game, *_] = [each.model_dump() for each in played(work)]
    answer = await elsewhere.report(work, {"games": [{**game, "moves": "A" * (1 << 20)}]})
    assert answer.status_code == 413
    assert (await elsewhere.report(work, WorkReport())).status_code == 200


async def test_another_evaluations_games_are_refused(elsewhere: Elsewhere) -> None:
    """They were planned otherwise, and the answer says which one is not of the claim."""
    await asked(elsewhere.suite)
    await asked(elsewhere.suite, "untrained")
    first, second = await elsewhere.claim(), await elsewhere.claim()
    answer = await elsewhere.report(first, report(first, games=played(second)))
    assert problem(answer) == (422, "report-refused")
    assert "game 0 against random is not as it was planned" in answer.json()["detail"]


async def test_a_game_that_was_played_otherwise_is_a_conflict(elsewhere: Elsewhere) -> None:
    """The first one stands, and the claim is over."""
    evaluation_id = await asked(elsewhere.suite)
    work = await elsewhere.claim()
    assert (await elsewhere.report(work, WorkReport(games=played(work)[:2]))).status_code == 200
    answer = await elsewhere.report(work, report(work, units=0))
    assert problem(answer) == (409, "different-game")
    games = (await elsewhere.suite.get(f"/v1/evaluations/{evaluation_id}/games"))["items"]
    assert [each["outcome"] for each in games] == ["win", "win"]
    assert problem(await elsewhere.report(work, WorkReport())) == (410, "claim-over")


async def test_a_failure_is_the_evaluations_and_a_death_is_another_workers_chance(elsewhere: Elsewhere) -> None:
    """What a worker says of it is the reason that people read; other codes are refused."""
    evaluation_id = await asked(elsewhere.suite)
    for code, reason in (("worker_lost", "killed"), ("model_invalid", "no weights")):
        work = await elsewhere.claim()
        address = f"{CLAIMS}/{work.claim_id}/failure"
        for wrong in ({"code": "cancelled", "reason": "mine"}, {"code": code, "reason": "a\0b"}, {"code": code}):
            assert (await elsewhere.request("POST", address, json=wrong)).status_code == 422
        assert (await elsewhere.request("POST", address, json={"code": code, "reason": reason})).status_code == 204
    ended = await elsewhere.suite.ended(evaluation_id)
    assert (ended["failure_code"], ended["failure_reason"]) == ("model_invalid", "no weights")


async def test_what_is_given_back_is_claimed_again(elsewhere: Elsewhere) -> None:
    """By whoever asks next."""
    await asked(elsewhere.suite)
    work = await elsewhere.claim()
    assert (await elsewhere.request("DELETE", f"{CLAIMS}/{work.claim_id}")).status_code == 204
    again = await elsewhere.claim()
    assert (again.first, again.games) == (work.first, work.games)
