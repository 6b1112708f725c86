"""The arena: games in lockstep, each depending on nothing but its seeds and its players."""

from collections import Counter

import pytest

from play.arena import Arena
from play.games.game import Game, Int64s, Moves, States
from play.games.registry import get_game
from play.games.ringrift.engine import RingRift
from play.games.ringrift.trace import trace_of, verify_trace
from play.players.player import Player
from play.players.random import RandomPlayer
from play.record import PlayedGame, decode_rows
from play.replay import ReplayError, replay
from play.schedule import plan_games
from tests.kit.jobs import FailingPlayer


def play(game: RingRift, games: int, lanes: int, candidate: Player | None = None) -> list[PlayedGame]:
    """Random against Random, in schedule order."""
    planned = plan_games(3, "random", games, game.num_players)
    arena = Arena(game, candidate or RandomPlayer(), RandomPlayer(), planned, opening_plies=4)
    return sorted((each for ended in arena.play(lanes) for each in ended), key=lambda each: each.index)


def test_games_do_not_depend_on_the_lanes() -> None:
    """One game at a time and all together give the same games."""
    game = get_game("hex8", 2)
    assert play(game, 12, lanes=1) == play(game, 12, lanes=5) == play(game, 12, lanes=64)


@pytest.mark.parametrize("num_players", [2, 3, 4])
def test_the_games_of_a_block_share_their_opening_and_then_differ(num_players: int) -> None:
    """The first four decisions are the block's; the whole games are all different."""
    games = play(get_game("hex8", num_players), 12, lanes=12)
    openings = {(each.opening_seed, decode_rows(each.moves)[:4].tobytes()) for each in games}
    assert len(openings) == 12 // num_players
    assert len({each.moves for each in games}) == 12


@pytest.mark.parametrize("num_players", [2, 3, 4])
def test_g08_every_recorded_game_replays_to_its_result(num_players: int) -> None:
    """The recorded moves, played again, give the recorded outcome and score."""
    game = get_game("hex8", num_players)
    games = play(game, 12, lanes=6)
    for each in games:
        scores = replay(game, each)
        assert scores is not None
        assert each.units == round(scores[each.seat] * 2 * (num_players - 1))
    assert Counter(each.outcome for each in games).total() == 12


def test_g08_a_record_that_was_changed_does_not_replay() -> None:
    """A wrong result, a cut game and an illegal move are each refused."""
    game = get_game("hex8", 2)
    played = play(game, 2, lanes=2)[0]
    wrong = {"outcome": "loss", "units": 0} if played.outcome == "win" else {"outcome": "win", "units": 2}
    with pytest.raises(ReplayError, match="recorded as"):
        replay(game, played.model_copy(update=wrong))
    with pytest.raises(ReplayError, match="recorded with"):
        replay(game, played.model_copy(update={"moves": played.moves[:64]}))
    with pytest.raises(ReplayError, match="not a legal move"):
        replay(game, played.model_copy(update={"moves": "f" * 32, "decisions": 3}))


def test_a_recorded_game_is_a_trace() -> None:
    """A recorded game is written as a trace that the engine verifies."""
    game = get_game("hex8", 2)
    assert verify_trace(trace_of(game, play(game, 2, lanes=2)[1])) is None


def test_g07_a_game_without_a_move_is_errored_and_the_others_go_on() -> None:
    """Nothing moves in the place of a failed player; only its games end, with the reason and no score."""
    game = get_game("hex8", 2)
    games = play(game, 8, lanes=8, candidate=FailingPlayer({2, 5}, after=3))
    errored = [each for each in games if each.outcome == "errored"]
    assert [each.index for each in errored] == [2, 5]
    assert all(each.units is None and "out of order" in (each.error or "") for each in errored)
    assert all(replay(game, each) is None for each in errored)
    untouched = play(game, 8, lanes=8)
    assert [each for each in games if each.index not in (2, 5)] == [
        each for each in untouched if each.index not in (2, 5)
    ]


def test_a_game_past_the_cap_is_truncated_without_a_score() -> None:
    """A game that reaches the cap of decisions is neither won, drawn nor lost."""
    game = RingRift("hex8", 2)
    game.max_decisions = 10
    games = play(game, 4, lanes=4)
    assert {(each.outcome, each.units, each.decisions) for each in games} == {("truncated", None, 10)}
    assert all(replay(game, each) is None for each in games)


def test_moves_are_asked_for_where_most_games_wait() -> None:
    """Games wait for each other, so that one question is about as many positions as can be: far more than every second game."""
    asked: list[int] = []

    class Counting(RandomPlayer):
        """Notes in how many games it is asked at once."""

        def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
            asked.append(len(which))
            return super().choose(game, states, which, moves)

    game = get_game("hex8", 2)
    games = play(game, 32, lanes=32, candidate=Counting())
    assert games == play(game, 32, lanes=1)
    longest = sorted(asked)[len(asked) // 2 :]
    assert sum(longest) / len(longest) > 18
