"""RingRift behind the seam: batches, randomness, actions, observations and scores."""

import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from play.games.game import Game
from play.games.registry import BOARD_TYPES, get_game
from play.games.ringrift import codes
from play.games.ringrift.notation import fingerprint
from play.games.ringrift.observe import plane_names
from play.games.ringrift.play import play_random
from play.games.ringrift.state import State, view
from play.games.ringrift.victory import rank_scores
from tests.play.games.checks import BOOKKEEPING, random_position, single

ROOT = Path(__file__).parents[3]


def played(board_type: str, players: int, seeds: list[int]) -> list[str]:
    """The final fingerprint and decision count of one random game for each seed, played in one batch."""
    game: Game = get_game(board_type, players)
    states = game.new(np.array(seeds))
    while len(live := np.flatnonzero(~game.over(states))):
        game.apply(states, live, game.random_rows(states, live))
    finals = [view(states, index) for index in range(len(seeds))]
    return [f"{fingerprint(board_type, final)} {final.turn[codes.DECISIONS]}" for final in finals]


@pytest.mark.parametrize(("board_type", "players"), [("hex8", 2), ("square8", 4)])
def test_a_game_depends_on_its_seed_alone(board_type: str, players: int) -> None:
    """The same seed gives the same game in any batch and any place, and other seeds give other games."""
    together = played(board_type, players, [3, 1, 4, 15])
    assert played(board_type, players, [15, 4]) == [together[3], together[2]]
    assert played(board_type, players, [3]) == together[:1]
    assert len(set(together)) == 4


def test_compiled_and_plain_python_play_the_same_games() -> None:
    """With the JIT off the very same source plays the very same games."""
    program = (
        "import json;from tests.play.games.test_ringrift_engine import played;"
        "print(json.dumps([played('hex8', 3, [7, 8]), played('square8', 2, [9])]))"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    plain = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert json.loads(plain.stdout) == [played("hex8", 3, [7, 8]), played("square8", 2, [9])]


def test_playouts_end_and_match_the_seam() -> None:
    """The playout kernel plays the games that decisions one by one through the seam would play."""
    game = get_game("hex8", 2)
    result = play_random(game, np.arange(30))
    assert (result.winners >= 0).all()
    assert result.games == 30
    assert result.plies > result.decisions
    decisions = sum(int(final.rsplit(" ", 1)[1]) for final in played("hex8", 2, list(range(30))))
    assert result.decisions == decisions


@pytest.mark.parametrize("board_type", BOARD_TYPES)
def test_actions_are_distinct_and_in_range(board_type: str) -> None:
    """Every decision of a random game names each legal move by its own action, and none is bookkeeping."""
    game = get_game(board_type, 3)
    states = game.new(np.arange(6))
    for _ in range(70):
        live = np.flatnonzero(~game.over(states))
        moves = game.legal_moves(states, live)
        actions = game.actions(states, live, moves)
        assert actions.min() >= 0
        assert actions.max() < game.num_actions
        assert not np.isin(moves.rows[:, 0], BOOKKEEPING).any()
        for start, stop in zip(moves.offsets[:-1], moves.offsets[1:], strict=True):
            assert len(set(actions[start:stop].tolist())) == stop - start > 0
        game.apply(states, live, game.random_rows(states, live))


def test_observations_show_the_board_from_the_mover() -> None:
    """Planes have their documented order, are finite, and follow the mover round the table."""
    game = get_game("hex8", 3)
    names = plane_names(3)
    states = random_position(game, 5, 30)
    position = single(states)
    planes, height, width = game.observation_shape
    seen = game.observe(states, np.zeros(1, np.int64))[0]
    assert seen.shape == (len(names), height, width) == (planes, 9, 9)
    assert np.isfinite(seen).all()
    assert seen[names.index("on_board")].sum() == 61
    mover = int(position.turn[codes.MOVER])
    for step in range(3):
        seat = (mover + step) % 3
        assert seen[names.index(f"stack_{step}")].sum() == position.stacks[seat]
        assert seen[names.index(f"marker_{step}")].sum() == position.markers[seat]
        assert seen[names.index(f"collapsed_{step}")].sum() == position.territory[seat]
        assert seen[names.index(f"hand_{step}"), 4, 4] == pytest.approx(position.hand[seat] / 18)
    rings = seen[names.index("rings_0") : names.index("rings_0") + 3].sum(axis=0)
    assert np.allclose(rings[rings > 0], 1.0)


def final_position(credits: list[int], territory: list[int], winner: int) -> State:
    """A finished game with these totals."""
    game = get_game("hex8", len(credits))
    position = single(game.new(np.zeros(1, np.int64)))
    position.credit[:] = credits
    position.territory[:] = territory
    position.turn[codes.WINNER] = winner
    return position


def test_scores_rank_the_winner_then_territory_then_credits() -> None:
    """The winner is first whatever it holds; equal seats share a place; the scores of a game sum to half its seats."""
    assert rank_scores(final_position([0, 5, 9], [1, 7, 7], 0)).tolist() == [1.0, 0.0, 0.5]
    assert rank_scores(final_position([3, 3, 3, 0], [4, 4, 4, 0], 3)).tolist() == pytest.approx([1 / 3] * 3 + [1.0])
    assert rank_scores(final_position([2, 2], [3, 3], -1)).tolist() == [0.5, 0.5]


def test_a_seat_that_lost_its_rings_later_ranks_higher() -> None:
    """Between seats that are otherwise equal, never out beats out late beats out early."""
    position = final_position([0, 0, 0, 9], [0, 0, 0, 9], 3)
    position.out_at[:] = [40, 0, 55, 0]
    assert rank_scores(position).tolist() == pytest.approx([0, 2 / 3, 1 / 3, 1])


def test_seeded_games_are_pinned() -> None:
    """The games of fixed seeds stay what they are: a change here is a change of rules or of randomness."""
    text = "\n".join(played("hex8", 2, list(range(20))))
    assert zlib.crc32(text.encode()) == 3881875246


def test_every_kernel_lies_in_the_package_that_names_the_cache() -> None:
    """A kernel elsewhere could change without the cache's folder changing, and be loaded as it was before."""
    import play.games.ringrift.warm  # noqa: F401 - so that every kernel is declared
    from play.games.ringrift.jit import KERNELS, PACKAGE

    assert len(KERNELS) > 100
    assert {Path(kernel.__code__.co_filename).parent for kernel in KERNELS} == {PACKAGE}
