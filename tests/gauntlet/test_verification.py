"""A finished evaluation is checked through the service's own door."""

from typing import Any

import pytest
from sqlalchemy import text

from services.gauntlet.api.problems import Busy, NotVerifiable
from shared.storage.database import Database
from tests.gauntlet.conftest import Suite

GAMES = 6
TAMPERED = """update gauntlet.games set outcome = 'loss', units = 0
    where evaluation_id = :id and (opponent, index) = (select opponent, index from gauntlet.games
    where evaluation_id = :id and outcome = 'win' order by opponent, index limit 1)"""


async def finished(suite: Suite) -> Any:
    """An evaluation with evidence."""
    asked = await suite.ask(model_path=suite.add_demo_model(), games=GAMES)
    return await suite.ended(asked["id"])


async def test_an_evaluation_is_verified_and_one_tampered_row_is_found(suite: Suite, database_url: str) -> None:
    """Every game is identical here; after one row was changed by hand, that game is named and the verdict does not hold."""
    evaluation = await finished(suite)
    address = f"/v1/evaluations/{evaluation['id']}"
    found = await suite.get(f"{address}/verification")
    assert (found["holds"], found["faults"], found["findings"]) == (True, [], [])
    games = (await suite.get(f"{address}/games?limit=1000"))["items"]
    assert found["identical"] == found["games"] == len(games) > 0
    assert {game["engine"] for game in games} == {found["engine"]}
    await change(database_url, evaluation["id"])
    found = await suite.get(f"{address}/verification?games=0")
    assert (found["holds"], found["tampered"], len(found["findings"])) == (False, 1, 1)
    assert any("wins" in fault for fault in found["faults"])


async def change(database_url: str, evaluation_id: str) -> None:
    """Turn a win into a loss, as somebody with the database's password could."""
    database = Database(database_url)
    async with database.write() as tx:
        await tx.execute(text(TAMPERED), {"id": evaluation_id})
    await database.close()


async def test_what_has_no_evidence_is_not_verified(suite: Suite) -> None:
    """Neither an evaluation that failed, nor one that is not there; both are said."""
    asked = await suite.ask(model_path=suite.add_demo_model())
    await suite.client.post(f"/v1/evaluations/{asked['id']}/cancel")
    answer = await suite.client.get(f"/v1/evaluations/{asked['id']}/verification")
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (409, NotVerifiable.slug)
    assert "no evidence" in answer.json()["detail"]
    unknown = await suite.client.get("/v1/evaluations/00000000-0000-0000-0000-000000000000/verification")
    assert unknown.status_code == 404


async def test_one_verification_is_made_at_a_time(suite: Suite) -> None:
    """Another one meanwhile is refused, to be asked for again."""
    evaluation = await finished(suite)
    await suite.app.state.verifier._working.acquire()
    answer = await suite.client.get(f"/v1/evaluations/{evaluation['id']}/verification")
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (503, Busy.slug)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_models_are_had_by_digest(suite: Suite, method: str) -> None:
    """What an evaluation was made of can be fetched by whoever checks it."""
    evaluation = await finished(suite)
    answer = await suite.client.request(method, f"/v1/artifacts/{evaluation['digest']}")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == (suite.models / "trained.pth").stat().st_size
    assert (await suite.client.get(f"/v1/artifacts/{'0' * 64}")).status_code == 404
