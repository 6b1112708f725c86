"""The schedule: planned before the first game, from the seed alone."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from play.players.registry import REGISTRY
from play.schedule import plan_games
from shared.contract.words import OPPONENTS, OpponentName

SEEDS = st.integers(0, 2**63 - 1)
SEATS = st.integers(2, 4)
GAMES = st.integers(0, 120)


@given(SEEDS, SEATS, GAMES)
def test_g08_seeds_are_unique_within_the_evaluation(seed: int, seats: int, games: int) -> None:
    """No two games of any opponents share a seed, no two blocks an opening, and all fit a signed 64-bit column."""
    planned = [each for opponent in OPPONENTS for each in plan_games(seed, opponent, games, seats)]
    seeds = {each.seed for each in planned} | {each.opening_seed for each in planned}
    assert len(seeds) == len(planned) + len(planned) // seats
    assert all(0 <= each < 2**63 for each in seeds)


@given(SEEDS, SEATS, GAMES)
def test_every_opening_is_played_from_every_seat(seed: int, seats: int, games: int) -> None:
    """The candidate takes every seat exactly once for each opening."""
    taken = defaultdict(list)
    for each in plan_games(seed, "random", games, seats):
        taken[each.opening_seed].append(each.seat)
    assert all(sorted(block) == list(range(seats)) for block in taken.values())


@given(SEEDS, SEATS, GAMES)
def test_games_are_rounded_up_to_whole_blocks(seed: int, seats: int, games: int) -> None:
    """The schedule has the fewest whole blocks that hold the wanted games, in order."""
    planned = plan_games(seed, "heuristic", games, seats)
    assert games <= len(planned) < games + seats
    assert len(planned) % seats == 0
    assert [each.index for each in planned] == list(range(len(planned)))


@given(SEEDS)
def test_the_schedule_depends_on_the_seed_alone(seed: int) -> None:
    """The same seed plans the same games; another seed, even the next, plans others."""
    planned = plan_games(seed, "random", 50, 2)
    assert planned == plan_games(seed, "random", 50, 2)
    assert planned[:20] == plan_games(seed, "random", 20, 2)
    assert planned[7:] == plan_games(seed, "random", 50, 2, first=7)
    assert not {each.seed for each in planned} & {each.seed for each in plan_games(seed + 1, "random", 50, 2)}


PINNED: dict[OpponentName, list[tuple[int, int]]] = {
    "random": [(1700075129278970139, 8583183972214885420), (3711456899273484341, 8330857877816017220)],
    "heuristic": [(4105675938398275267, 1451151824369693745), (6568281399054275669, 8074799050355519686)],
    "previous": [(6029537361221002721, 6809948010508850784), (8207645884996209494, 5684965992071219268)],
}


@pytest.mark.parametrize("opponent", PINNED)
def test_g08_an_opponents_stream_of_seeds_never_changes(opponent: OpponentName) -> None:
    """Recorded games are resumed and replayed by these numbers, whatever opponents there come to be."""
    planned = plan_games(20261125, opponent, 3, 2)
    assert [(planned[index].seed, planned[index].opening_seed) for index in (0, 3)] == PINNED[opponent]


def test_g08_no_two_opponents_share_a_stream() -> None:
    """Each has a number of its own, and every opponent that evidence may name has one."""
    assert len({opponent.stream for opponent in REGISTRY.values()}) == len(REGISTRY)
    assert set(REGISTRY) == set(OPPONENTS)
