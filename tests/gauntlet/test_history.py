"""What was canonical before this service listened is learnt from the promotion service, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.gauntlet import repository
from shared.contract.policy import GatePolicy
from shared.storage.database import Database
from tests.gauntlet.conftest import Suite

MUTED = GatePolicy(games=4, random_win_rate=0, heuristic_win_rate=0, previous_win_rate=0, panel="muted")


def versions(newest: int) -> list[tuple[int, str]]:
    """Each with bytes of its own, newest first."""
    return [(version, f"{version:064x}") for version in range(newest, 0, -1)]


async def known(suite: Suite, wanted: set[int]) -> dict[int, str]:
    """Those of these versions that the service knows."""
    database: Database = suite.app.state.service.database
    async with database.read() as tx:
        return await repository.canonical_digests(tx, "hex8_2p", wanted)


async def test_the_versions_of_the_past_are_asked_for(suite: Suite) -> None:
    """As many as a panel may have, once; they are learnt though no event tells of them."""
    suite.promotion.versions = versions(30)

    async def learnt() -> Any:
        return await known(suite, {26, 11})

    assert await suite.eventually(learnt) == {26: f"{26:064x}", 11: f"{11:064x}"}
    assert await known(suite, set(range(1, 11))) == {}


@pytest.mark.parametrize("policy", [MUTED])
async def test_a_candidate_meets_the_version_of_five_versions_ago(suite: Suite) -> None:
    """Real games by a real worker, after the gates, recorded and told; the verification of all of it holds."""
    digests = {
        name: (await suite.ended((await suite.ask(model_path=suite.add_demo_model(name), games=2))["id"]))["digest"]
        for name in ("untrained", "trained")
    }
    past = {5: digests["trained"], 1: digests["untrained"]}
    suite.promotion.versions = [(version, past.get(version, digest)) for version, digest in versions(5)]

    async def learnt() -> Any:
        return len(await known(suite, {1, 5})) == 2

    await suite.eventually(learnt)
    ended = await suite.ended((await suite.ask(model_path=suite.add_demo_model("successor")))["id"])
    [member] = ended["panel"]
    assert (member["version"], member["versions_ago"], member["digest"]) == (1, 5, digests["untrained"])
    assert (member["games"]["games"], member["silenced"], ended["cycles"]) == (4, None, [])
    found = await suite.get(f"/v1/evaluations/{UUID(ended['id'])}/verification")
    assert (found["holds"], found["faults"], found["tampered"]) == (True, [], 0)
    page = await suite.get(f"/v1/evaluations/{ended['id']}/games?opponent=previous_5")
    assert [each["index"] for each in page["items"]] == [0, 1, 2, 3]
