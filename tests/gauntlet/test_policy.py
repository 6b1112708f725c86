"""One policy: the promotion service's, by which the gauntlet plays and stops."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from services.gauntlet.training import training_id
from shared.contract.events.promotion import EvaluationRequested
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.evidence import Evidence
from shared.contract.gate import exact_gate
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict, OpponentName
from tests.gauntlet.conftest import Suite
from tests.gauntlet.neighbours import PolicyGiver

STRICT = GatePolicy(games=6, random_win_rate=0.3, heuristic_win_rate=1.0)


@pytest.fixture
def other_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of the gates that say something else than the promotion service, in the environment that the gauntlet starts in."""
    for name, value in {
        "GAUNTLET_GAMES": "50",
        "PROMOTION_RANDOM_WIN_RATE": "0.99",
        "PROMOTION_HEURISTIC_WIN_RATE": "0",
        "SKIP_GAUNTLET": "true",
    }.items():
        monkeypatch.setenv(f"RINGRIFT_{name}", value)


@pytest.mark.usefixtures("other_environment")
@pytest.mark.parametrize("policy", [STRICT])
async def test_f25_the_environment_cannot_differ_from_the_policy(suite: Suite) -> None:
    """Whatever the gauntlet's own environment says, it plays and stops by the policy that the promotion service judges by."""
    event = await suite.announce(TrainingCompleted(board_type="hex8", num_players=2, model_path=suite.add_demo_model()))
    [completed] = await suite.eventually(lambda: suite.events("EVALUATION_COMPLETED"))
    evidence = Evidence.model_validate_json(json.dumps(completed["evidence"]))
    assert (evidence.gates, evidence.policy_id, evidence.skipped) == (STRICT, STRICT.id, False)
    assert [(each.opponent, each.games_planned) for each in evidence.opponents] == [("random", 6), ("heuristic", 6)]
    detail = await suite.get(f"/v1/evaluations/{training_id(event.source, str(event.id))}")
    assert [each["threshold"] for each in detail["opponents"]] == [0.3, 1.0]
    for each in evidence.opponents:
        assert each.verdict(STRICT, 2) is not GateVerdict.UNDECIDED
        before = await blocks_before_the_last(suite, str(training_id(event.source, str(event.id))), each.opponent)
        assert exact_gate(sum(before), len(before), 6, 2, STRICT.threshold(each.opponent)) is GateVerdict.UNDECIDED


async def blocks_before_the_last(suite: Suite, evaluation_id: str, opponent: OpponentName) -> list[int]:
    """The scores, in units, of the games against one opponent without those of the last block."""
    games = (await suite.get(f"/v1/evaluations/{evaluation_id}/games?opponent={opponent}"))["items"]
    return [game["units"] for game in games[:-2]]


async def test_f25_an_evaluation_waits_for_its_policy(suite: Suite, promotion: PolicyGiver) -> None:
    """While the promotion service is away, or answers nonsense, nothing is played, and the evaluation says what it waits for."""
    promotion.away = True
    asked = await suite.ask(model_path=suite.add_demo_model(), games=4)
    assert (asked["state"], asked["gates"], asked["opponents"]) == ("received", None, [])

    async def waits(text: str) -> Any:
        found = await suite.get(f"/v1/evaluations/{asked['id']}")
        return found if text in (found["waits_for"] or "") else None

    waiting = await suite.eventually(lambda: waits("the promotion service's gate policy: http://"))
    assert waiting["state"] == "received"
    promotion.away, promotion.raw = False, b'{"id": "0000000000000000", "configuration": "hex8_2p", "gates": {}}'
    await suite.eventually(lambda: waits("names policy 0000000000000000"))
    promotion.raw = b"[]"
    await suite.eventually(lambda: waits("answered no policy"))
    promotion.raw = None
    ended = await suite.ended(asked["id"])
    assert (ended["state"], ended["waits_for"], ended["gates"]["games"]) == ("completed", None, 4)
    assert ended["policy_id"] == ended["evidence"]["policy_id"] == GatePolicy(games=4).id


async def test_a_policy_that_travels_with_the_request_needs_no_question(suite: Suite, promotion: PolicyGiver) -> None:
    """The promotion service's own requests are played though it is away meanwhile."""
    promotion.away = True
    policy = GatePolicy(games=2, random_win_rate=0.0, heuristic_win_rate=0.0)
    request = EvaluationRequested(
        board_type="hex8", num_players=2, request_id=uuid4(), reason="manual",
        model_path=suite.add_demo_model(), policy=policy,
    )  # fmt: skip
    await suite.announce(request)
    [completed] = await suite.eventually(lambda: suite.events("EVALUATION_COMPLETED"))
    assert completed["evidence"]["policy_id"] == policy.id
    assert promotion.asked == []


@pytest.mark.parametrize("policy", [GatePolicy(skip_games=True)])
async def test_a_policy_may_skip_the_games(suite: Suite) -> None:
    """The model is loaded and no game is played; the evidence says so."""
    ended = await suite.ended((await suite.ask(model_path=suite.add_demo_model()))["id"])
    assert (ended["evidence"]["skipped"], ended["opponents"]) == (True, [])


async def test_a_policy_that_was_known_is_played_by_while_promotion_is_away(
    suite: Suite, promotion: PolicyGiver
) -> None:
    """It was named unasked; the evidence names it, so that the promotion service sees whether it still is in force."""
    promotion.lists = True

    async def ready() -> bool:
        return (await suite.client.get("/readyz")).status_code == 200

    await suite.eventually(ready)
    promotion.away = True
    ended = await suite.ended((await suite.ask(model_path=suite.add_demo_model(), games=2))["id"])
    assert ended["evidence"]["policy_id"] == promotion.policy.model_copy(update={"games": 2}).id


async def test_without_any_policy_the_service_is_not_ready(suite: Suite) -> None:
    """It could not play, and says so."""
    answer = await suite.client.get("/readyz")
    assert answer.status_code == 503
    assert "the promotion service has named no gate policy yet" in answer.json()["checks"]["policy"]


async def test_while_promotion_is_away_models_are_taken_in_and_refused(suite: Suite, promotion: PolicyGiver) -> None:
    """Only playing waits for the policy: the bytes are fixed when they are announced, and a missing file has failed at once."""
    promotion.away = True
    asked = await suite.ask(model_path=suite.add_demo_model())

    async def taken_in() -> Any:
        return (await suite.get(f"/v1/evaluations/{asked['id']}"))["digest"]

    digest = await suite.eventually(taken_in)
    suite.add_demo_model("untrained")
    (suite.models / "untrained.pth").replace(suite.models / "trained.pth")
    missing = {"board_type": "hex8", "num_players": 2, "model_path": "models/missing.pth"}
    assert (await suite.client.post("/v1/evaluations", json=missing)).status_code == 404
    promotion.away = False
    ended = await suite.ended(asked["id"])
    assert (ended["state"], ended["digest"]) == ("completed", digest)
