"""What of the promotion service's answers is believed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.gauntlet.policies import PolicyUnknownError, PromotionAwayError, PromotionPolicies
from shared.contract.configuration import Configuration
from shared.contract.policy import GatePolicy

HEX8 = Configuration("hex8", 2)
POLICY = GatePolicy(games=6)


class Answers(httpx.AsyncBaseTransport):
    """A promotion service that answers everything alike: with a body and a status, or not at all."""

    def __init__(self) -> None:
        self.body: Any = view()
        self.status, self.error = 200, ""
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to any request."""
        self.asked.append(request.url.raw_path.decode())
        if self.error:
            raise httpx.ConnectError(self.error)
        return httpx.Response(self.status, text=self.body if isinstance(self.body, str) else json.dumps(self.body))


def view(**changed: Any) -> dict[str, Any]:
    """A policy as the promotion service shows it."""
    return {"id": POLICY.id, "configuration": "hex8_2p", "gates": POLICY.model_dump(mode="json"), **changed}


@pytest.fixture
def answers() -> Answers:
    """What the promotion service answers."""
    return Answers()


@pytest.fixture
async def policies(answers: Answers) -> AsyncIterator[PromotionPolicies]:
    """The policies of that service."""
    async with httpx.AsyncClient(transport=answers) as client:
        yield PromotionPolicies(client, "http://promotion/")


@pytest.mark.parametrize(("games", "asked"), [(None, "policy"), (6, "policy?games=6")])
async def test_the_policy_in_force_is_asked_for(
    policies: PromotionPolicies, answers: Answers, games: int | None, asked: str
) -> None:
    """With the number of games, where one was asked for."""
    assert await policies.policy(HEX8, games) == POLICY
    assert answers.asked == [f"/v1/configurations/hex8_2p/{asked}"]
    answers.body = {"items": [view()]}
    assert await policies.all() == {HEX8: POLICY}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>", "answered no policy: Invalid JSON"),
        ([], "answered no policy"),
        (view(id="0" * 16), f"it names policy {'0' * 16} and shows {POLICY.id}"),
        (view(id=None), "answered no policy"),
        (view(gates={}), f"it names policy {POLICY.id} and shows {GatePolicy().id}"),
        (view(gates={**POLICY.model_dump(), "random_win_rate": 1.5}), "answered no policy"),
        (view(gates={**POLICY.model_dump(), "an_unknown_gate": 1}), "answered no policy"),
        (view(configuration="square8_2p"), "names the policy of square8_2p"),
        (view(configuration="chess"), "answered no policy"),
    ],
)
async def test_f25_an_answer_that_is_no_policy_is_not_believed(
    policies: PromotionPolicies, answers: Answers, body: Any, said: str
) -> None:
    """Nothing is made up in its place, and the trouble says what was wrong."""
    answers.body = body
    with pytest.raises(PolicyUnknownError) as raised:
        await policies.policy(HEX8, None)
    assert said in str(raised.value)


async def test_f25_another_number_of_games_is_not_believed(policies: PromotionPolicies) -> None:
    """It is no answer to what was asked."""
    with pytest.raises(PolicyUnknownError, match="of 6 games, not of 7"):
        await policies.policy(HEX8, 7)


@pytest.mark.parametrize("body", [{"items": [view(id="0" * 16)]}, {"items": [view(configuration="chess")]}, {}])
async def test_f25_a_list_that_is_none_is_not_remembered(
    policies: PromotionPolicies, answers: Answers, body: Any
) -> None:
    """One wrong policy spoils it."""
    answers.body = body
    with pytest.raises(PolicyUnknownError, match="answered no policy"):
        await policies.all()


@pytest.mark.parametrize("status", [302, 401, 404, 500, 503])
async def test_a_refusal_is_no_policy(policies: PromotionPolicies, answers: Answers, status: int) -> None:
    """It is said with its status, and whoever refuses is not away."""
    answers.status = status
    with pytest.raises(PolicyUnknownError, match=str(status)) as raised:
        await policies.policy(HEX8, None)
    assert not isinstance(raised.value, PromotionAwayError)


async def test_nobody_there_is_told_apart(policies: PromotionPolicies, answers: Answers) -> None:
    """There is no use in asking about the next evaluation."""
    answers.error = "connection refused"
    with pytest.raises(PromotionAwayError, match="connection refused"):
        await policies.policy(HEX8, None)
