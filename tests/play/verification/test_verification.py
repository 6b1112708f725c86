"""Whoever checks an evaluation finds what was tampered with, and nothing where nothing was."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from play.games.registry import get_game
from play.models.network import SMALLEST_BATCH, NetworkEvaluator
from play.players.network import NetworkPlayer
from play.players.player import WeighingPlayer
from play.players.random import RandomPlayer
from play.players.search import SearchPlayer
from play.verification.findings import Agreement
from play.verification.witness import replay_by
from shared.contract.evidence import ScoreInterval
from shared.contract.policy import PlayPolicy
from shared.contract.words import GateMode
from tests.kit.evaluations import all_of
from tests.play.players.nets import Indifferent, small_network
from tests.play.verification.evaluations import Finished, finished, turned, with_another_course

GAMES = 80
"""Planned against each of three opponents, of which about 200 are played."""


@pytest.fixture(scope="module")
def honest() -> Finished:
    """An evaluation of about two hundred games that nobody touched."""
    return finished(games=GAMES)


def test_an_honest_evaluation_holds(honest: Finished) -> None:
    """Every game is identical, and the evidence follows from the rows."""
    found = honest.verified()
    assert (found.holds, found.faults, found.findings) == (True, [], [])
    assert found.identical == found.replayed == found.games == len(honest.games)
    assert found.engines == [found.engine]


@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("mode", ["policy", "search"])
def test_no_false_alarm(mode: str, temperature: float) -> None:
    """Games that were played in other company replay to themselves, whatever the play policy."""
    simulations = 2 if mode == "search" else 0
    play = PlayPolicy.model_validate({"mode": mode, "simulations": simulations, "temperature": temperature})
    found = finished(games=2, play=play, lanes=3).verified()
    assert (found.holds, found.tampered, found.faults) == (True, 0, [])


@pytest.mark.parametrize("place", [0, 70, -1])
def test_a_turned_result_is_found(honest: Finished, place: int) -> None:
    """One result among two hundred, with evidence that was counted from it."""
    games = list(honest.games)
    games[place] = turned(games[place])
    found = honest.with_games(games).verified(sample=0)
    assert not found.holds
    assert [(each.opponent, each.index) for each in found.findings] == [(games[place].opponent, games[place].index)]


@settings(max_examples=3, deadline=None)
@given(st.data())
def test_one_tampered_row_among_two_hundred_is_found(honest: Finished, data: st.DataObject) -> None:
    """A whole legal game that the players would not have played, with its true result and evidence counted from it."""
    games, opened = list(honest.games), honest.plan.play.opening_plies
    place = data.draw(st.integers(0, len(games) - 1))
    at = data.draw(st.integers(opened, max(games[place].decisions - 4, opened)))
    try:
        games[place] = with_another_course(honest.game, games[place], at)
    except ValueError:
        return
    found = honest.with_games(games).verified()
    assert (games[place].opponent, games[place].index) in [(each.opponent, each.index) for each in found.findings]
    assert found.tampered == 1
    assert not found.holds


def test_another_opening_is_found(honest: Finished) -> None:
    """The random decisions that open a game come of its block's seed."""
    games = list(honest.games)
    games[3] = with_another_course(honest.game, games[3], 1)
    found = honest.with_games(games).verified()
    assert (found.holds, found.tampered) == (False, 1)


def test_rows_that_are_missing_doubled_or_out_of_place_are_found(honest: Finished) -> None:
    """The rows are the first whole blocks of the schedule, up to where each gate is decided."""
    games = list(honest.games)
    swapped = [games[1].model_copy(update={"index": 0}), games[0].model_copy(update={"index": 1}), *games[2:]]
    other_seed = [games[0].model_copy(update={"seed": games[0].seed + 1}), *games[1:]]
    for rows in (games[1:], games[2:], swapped, other_seed):
        found = honest.with_games(rows).verified(sample=0)
        assert found.faults
        assert not found.holds
    assert any("end before" in each for each in honest.with_games(games[:-2]).verified(sample=0).faults)


def test_evidence_that_was_not_counted_from_the_rows_is_found(honest: Finished) -> None:
    """Each number of the evidence is compared with the rows."""
    first = honest.evidence.opponents[0]
    for name in ("distinct_games", "network_evaluations"):
        claimed = first.model_copy(update={name: getattr(first, name) + 1})
        evidence = honest.evidence.model_copy(update={"opponents": [claimed, *honest.evidence.opponents[1:]]})
        found = Finished(honest.plan, honest.game, evidence, honest.games).verified(sample=0)
        assert found.faults == [
            f"random: {name} is {getattr(claimed, name)} in the evidence, {getattr(first, name)} in the rows"
        ]


def test_statistics_that_the_rows_do_not_give_are_found(honest: Finished) -> None:
    """Intervals, margins, repeats, seats, the Elo estimate and the receipt are recomputed, each by its own name."""
    first, elo, cost = honest.evidence.opponents[0], honest.evidence.elo, honest.evidence.cost
    assert first.effective_histogram
    assert elo
    assert cost
    changes: dict[str, Any] = {
        "flip_margin": 40, "interval": ScoreInterval(low=0.9, high=1.0), "seats": [], "block_histogram": [0, 0, 0, 0, 9],
        "effective_histogram": [0, 0, 1],
    }  # fmt: skip
    for name, value in changes.items():
        claimed = [first.model_copy(update={name: value}), *honest.evidence.opponents[1:]]
        [fault] = honest.claiming(opponents=claimed).verified(sample=0).faults
        assert fault.startswith(f"random: {name} is ")
    for changed, words in (
        ({"elo": elo.model_copy(update={"rating": 2000.0})}, "elo is "),
        ({"cost": cost.model_copy(update={"saved_games": 0})}, "cost: saved_games is 0"),
    ):
        [fault] = honest.claiming(**changed).verified(sample=0).faults
        assert fault.startswith(words)


def test_evidence_from_before_these_statistics_holds(honest: Finished) -> None:
    """What it does not say is not missed; with a receipt, or under a policy that asks for it, it is."""
    nothing = dict.fromkeys(("effective_histogram", "block_histogram", "interval", "flip_margin", "seats"))
    opponents = [each.model_copy(update=nothing) for each in honest.evidence.opponents]
    older = honest.claiming(opponents=opponents, elo=None, cost=None)
    assert older.verified(sample=0).holds
    assert not honest.claiming(opponents=opponents).verified(sample=0).holds


@pytest.mark.parametrize("mode", ["anytime", "evidence"])
def test_games_that_evidence_ended_hold(mode: GateMode) -> None:
    """Whoever verifies stops by the policy's own mode: with one block less they end too soon."""
    ended = finished(games=50, mode=mode)
    assert ended.verified(sample=0).holds
    fewer = ended.with_games(ended.games[:-2]).verified(sample=0)
    assert any("end before the gate is decided" in each for each in fewer.faults)


def test_rows_that_contradict_themselves_are_a_fault(honest: Finished) -> None:
    """A score that no game gives, and a win without one."""
    for changed in ({"units": 7}, {"units": None}):
        rows = (honest.games[0].model_copy(update=changed), *honest.games[1:])
        found = replace(honest, games=rows).verified(sample=0)
        assert not found.holds
        assert "the rows contradict themselves" in found.faults[0]


def test_moves_that_rounding_makes_equal_are_float_ties(honest: Finished) -> None:
    """A network that is indifferent may have played any move: another one is a tie, no tampering."""
    game = get_game("hex8", 2)
    record = next(each for each in honest.games if each.opponent == "previous")
    players = [NetworkPlayer(NetworkEvaluator(Indifferent(game), game)) for _ in range(2)]
    [found] = replay_by(game, players[0], players[1], [record], honest.plan.play.opening_plies)
    assert found.agreement is Agreement.FLOAT_TIE


def test_a_record_that_breaks_off_or_goes_on_is_found(honest: Finished) -> None:
    """A record ends where its game ends."""
    game, record = honest.game, honest.games[0]
    players = honest.players(record.opponent)
    short = record.model_copy(update={"moves": record.moves[: 4 * (len(record.moves) // 8)]})
    [found] = replay_by(game, *players, [short], honest.plan.play.opening_plies)
    assert found.agreement is Agreement.TAMPERED
    assert "ends before decision" in (found.detail or "")


def test_a_position_alone_gets_the_same_answer_as_in_company() -> None:
    """No batch is so small that it is evaluated otherwise, so a game does not depend on which games are beside it."""
    game = get_game("hex8", 2)
    states = game.new(np.arange(8, dtype=np.int64))
    for _ in range(6):
        game.apply(states, np.arange(8), game.random_rows(states, np.arange(8)))
    evaluator = small_network(game)
    seen: list[int] = []
    evaluator.network.register_forward_pre_hook(lambda _, args: seen.append(len(args[0])))
    together = all_of(evaluator, game.observe(states, np.arange(8)))
    for index in range(8):
        alone = all_of(evaluator, game.observe(states, np.array([index])))
        assert np.array_equal(alone.logits[0], together.logits[index])
        assert np.array_equal(alone.values[0], together.values[index])
        assert alone.usable.shape == (1,)
    assert min(seen) == SMALLEST_BATCH
    assert torch.is_grad_enabled()


def test_players_that_rounding_may_sway_weigh() -> None:
    """Networks and searches tell how nearly they chose; a draw at random has no ties."""
    evaluator = small_network(get_game("hex8", 2))
    assert isinstance(NetworkPlayer(evaluator), WeighingPlayer)
    assert isinstance(SearchPlayer(evaluator, 2), WeighingPlayer)
    assert not isinstance(RandomPlayer(), WeighingPlayer)
