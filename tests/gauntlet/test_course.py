"""The course of an evaluation: however its blocks are shared out, and in whatever order they end, what counts is the same."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from play.counting import Result, tally_of
from services.gauntlet.course import Blocks, Course
from services.gauntlet.evaluation import Evaluation
from shared.contract.configuration import Configuration
from shared.contract.evidence import PanelMember
from shared.contract.gate import units_per_game
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GATES, MOST_GAMES, OPPONENTS, PANEL, GateMode, GateVerdict, OpponentName
from tests.gauntlet.fakes import PREVIOUS, running

RATES = st.floats(0, 1).map(lambda rate: round(rate, 2))
SEATS = st.integers(2, 4)
MODES: list[GateMode] = ["exact", "anytime", "evidence"]
Schedules = dict[OpponentName, list[Result]]
"""What every opponent's whole schedule would give, if all of it were played."""


def result(name: OpponentName, place: int, num_players: int, units: int | None, moves: int = 0) -> Result:
    """A game with this score; `moves` tells games from each other."""
    return Result(name, "draw" if units is not None else "truncated", units, 1, str(moves), place, place % num_players)


@st.composite
def schedules(draw: st.DrawFn, num_players: int) -> Schedules:
    """Scores of every game against every opponent; some games have none, and some are repeats."""
    games = draw(st.integers(1, 6)) * num_players
    scores = st.lists(st.none() | st.integers(0, units_per_game(num_players)), min_size=games, max_size=games)
    moves = st.lists(st.integers(0, 20), min_size=games, max_size=games)
    return {
        name: [
            result(name, place, num_players, units, course)
            for place, (units, course) in enumerate(zip(draw(scores), draw(moves), strict=True))
        ]
        for name in OPPONENTS
    }


@st.composite
def policies(draw: st.DrawFn, found: Schedules) -> GatePolicy:
    """Thresholds and error rates, in any mode."""
    rates = {f"{name}_win_rate": draw(RATES) for name in GATES}
    games, mode = len(found["random"]), draw(st.sampled_from(MODES))
    return GatePolicy(games=games, cap=games, mode=mode, alpha=0.3, beta=0.3, **rates)  # type: ignore[arg-type]


def evaluation_of(gates: GatePolicy, num_players: int, panel: Sequence[OpponentName] = ()) -> Evaluation:
    """An evaluation under a policy, that meets all three, and some of the panel."""
    members = tuple(PanelMember(opponent=name, canonical=PREVIOUS) for name in panel)
    return running(gates=gates, configuration=Configuration("hex8", num_players), previous=PREVIOUS, panel=members)


def in_order(found: Schedules, gates: GatePolicy, num_players: int) -> dict[OpponentName, Tally]:
    """What counts against each opponent that one worker meets, which plays block after block, opponent after opponent."""
    counted: dict[OpponentName, Tally] = {}
    for name, results in found.items():
        planned = len(results)
        for end in range(0, planned + 1, num_players):
            counted[name] = tally_of(results[:end], num_players)
            verdict = judge(gates, name, counted[name], planned, num_players)
            if verdict is not GateVerdict.UNDECIDED:
                break
        if verdict is not GateVerdict.PASSED and name not in PANEL:
            break
    return counted


class Workers:
    """Several workers that share out the blocks, and end with them in an order of chance."""

    def __init__(self, found: Schedules, evaluation: Evaluation, chance: random.Random) -> None:
        self.found, self.evaluation, self.chance = found, evaluation, chance
        self.block = evaluation.configuration.num_players
        self.recorded: dict[OpponentName, dict[int, Result]] = {}
        self.claims: list[Blocks] = []

    @property
    def course(self) -> Course:
        """As it is with what is recorded."""
        return Course(self.evaluation, self.recorded)

    def play(self) -> None:
        """Until nobody has anything to play. Who claims, plays on, dies or reports next is chance."""
        while True:
            within = self.chance.choice([self.course.likely_needed, MOST_GAMES])
            blocks = self.course.next_blocks(self.claims, self.chance.randint(1, 9), within)
            if blocks is not None and (not self.claims or self.chance.random() < 0.5):
                assert not any(set(places(blocks)) & set(places(each)) for each in self.claims)
                self.claims.append(blocks)
            elif self.claims:
                self._report(self.claims.pop(self.chance.randrange(len(self.claims))))
            elif self.course.opponent is None:
                return

    def _report(self, blocks: Blocks) -> None:
        """Some of its blocks, in any order, and then perhaps nothing more: its worker is dead."""
        starts = list(range(blocks.first, blocks.first + blocks.games, self.block))
        self.chance.shuffle(starts)
        for start in starts[: len(starts) if self.chance.random() < 0.7 else len(starts) // 2]:
            played = self.found[blocks.opponent][start : start + self.block]
            self.recorded.setdefault(blocks.opponent, {}).update({each.place: each for each in played})


def places(blocks: Blocks) -> list[tuple[OpponentName, int]]:
    """Each of its games."""
    return [(blocks.opponent, place) for place in range(blocks.first, blocks.first + blocks.games)]


@settings(deadline=None)
@given(st.data(), SEATS, st.randoms(use_true_random=False))
def test_any_sharing_out_gives_what_one_worker_gives(
    data: st.DataObject, num_players: int, chance: random.Random
) -> None:
    """The same counted games and opponents, in every mode of the gate; the rows beside them are the surplus, exactly."""
    found = data.draw(schedules(num_players))
    gates = data.draw(policies(found))
    panel = [name for name in PANEL if data.draw(st.booleans())]
    if panel:  # hardly any candidate of chance passes every gate
        gates = gates.model_copy(update={f"{name}_win_rate": data.draw(st.sampled_from([0.0, 0.1])) for name in GATES})
    planned, met = len(found["random"]), [*(name for name in GATES if gates.has_gate(name)), *panel]
    found = {name: found[name] for name in met}
    workers = Workers(found, evaluation_of(gates, num_players, panel), chance)
    workers.play()
    course, alone = workers.course, in_order(found, gates, num_players)
    assert {name: course.counted(name) for name in alone} == alone
    counting = {(name, place) for name, tally in alone.items() for place in range(tally.games)}
    recorded = {(name, place) for name, games in workers.recorded.items() for place in games}
    assert set(course.surplus) == recorded - counting
    assert counting <= recorded
    assert course.saved == len(met) * planned - len(counting)


@settings(deadline=None)
@given(st.data(), SEATS, st.randoms(use_true_random=False))
def test_nobody_meets_an_opponent_before_the_gate_is_decided(
    data: st.DataObject, num_players: int, chance: random.Random
) -> None:
    """Whatever is recorded, the next blocks are the first ones that are not, of the first opponent whose gate is open."""
    found = data.draw(schedules(num_players))
    evaluation = evaluation_of(data.draw(policies(found)), num_players)
    recorded = {
        name: {each.place: each for each in some_blocks(results, num_players, chance)}
        for name, results in found.items()
    }
    course = Course(evaluation, recorded)
    blocks = course.next_blocks([], chance.randint(1, 100), MOST_GAMES)
    if course.opponent is None:
        assert blocks is None
        return
    assert blocks is not None
    assert blocks.opponent == course.opponent
    missing = [place for place in range(len(found["random"])) if place not in recorded[blocks.opponent]]
    assert blocks.first == missing[0]
    assert (blocks.first % num_players, blocks.games % num_players) == (0, 0)
    assert not set(recorded[blocks.opponent]) & {place for _, place in places(blocks)}


def some_blocks(results: list[Result], num_players: int, chance: random.Random) -> list[Result]:
    """Whole blocks, each or not."""
    starts = [start for start in range(0, len(results), num_players) if chance.random() < 0.5]
    return [each for start in starts for each in results[start : start + num_players]]


def recorded(games: dict[int, int], name: OpponentName = "random") -> dict[OpponentName, dict[int, Result]]:
    """Games of two players by place, with these scores."""
    return {name: {place: result(name, place, 2, units, place) for place, units in games.items()}}


def course_of(games: dict[int, int], **changed: object) -> Course:
    """Of four games against each opponent, half of which are to be won."""
    gates = GatePolicy(games=4, random_win_rate=0.5, heuristic_win_rate=0.5, previous_win_rate=0.5)
    return Course(running(gates=gates, **changed), recorded(games))


def long_course(games: dict[int, int]) -> Course:
    """Of twelve games, all of which are to be won."""
    return Course(running(gates=GatePolicy(games=12, random_win_rate=1.0)), recorded(games))


def test_claimed_and_recorded_blocks_are_not_given_again() -> None:
    """What is free between them is given in one piece, no larger than asked for, and within as many games as wanted."""
    course = long_course({0: 2, 1: 2, 6: 2, 7: 2})
    assert course.next_blocks([], 100, 100) == ("random", 2, 4)
    assert course.next_blocks([Blocks("random", 2, 2)], 100, 100) == ("random", 4, 2)
    assert course.next_blocks([Blocks("random", 2, 4)], 100, 100) == ("random", 8, 4)
    assert course.next_blocks([Blocks("random", 2, 4)], 3, 100) == ("random", 8, 2)
    assert course.next_blocks([Blocks("random", 2, 4), Blocks("random", 8, 4)], 100, 100) is None
    assert course.next_blocks([Blocks("heuristic", 2, 4)], 0, 100) == ("random", 2, 2)
    assert course.next_blocks([], 100, 2) == ("random", 2, 2)
    assert course.next_blocks([Blocks("random", 2, 4)], 100, 6) is None
    assert course.next_blocks([Blocks("random", 2, 4)], 100, 7) == ("random", 8, 2)


def test_a_block_that_ended_late_waits_for_those_before_it() -> None:
    """It is recorded, and counts when the first one is there."""
    course = course_of({2: 2, 3: 2})
    assert (course.counted("random").games, course.opponent, course.recorded) == (0, "random", 2)
    course = course_of({0: 0, 1: 0, 2: 2, 3: 2})
    assert (course.counted("random").histogram, course.opponent) == ((2, 0, 2), "heuristic")


def test_after_a_failed_gate_nobody_is_met() -> None:
    """Nothing is left to play, and nothing that everybody waits for."""
    course = course_of(dict.fromkeys(range(4), 0))
    assert (course.opponent, course.left, course.likely_needed) == (None, 0, 0)
    assert course.next_blocks([], 100, 100) is None
    assert course.late_blocks([Blocks("random", 0, 4)]) is None
    assert course.counted("random").histogram == (4, 0, 0)


def test_without_games_nobody_is_met() -> None:
    """Whatever was recorded is surplus."""
    course = course_of({0: 2, 1: 2}, skip_games=True)
    assert (course.opponent, course.next_blocks([], 4, 4), course.saved) == (None, None, 0)
    assert course.surplus == [("random", 0), ("random", 1)]


@pytest.mark.parametrize(("before", "late"), [([], (0, 4)), ([0, 1], (2, 2)), ([2, 3], (0, 4))])
def test_what_everybody_waits_for_is_given_again(before: list[int], late: tuple[int, int]) -> None:
    """The rest of the first claim that is missing, and no other's."""
    course = long_course(dict.fromkeys([*before, 8, 9], 2))
    claimed = [Blocks("random", 4, 4), Blocks("random", 0, 4)]
    assert course.late_blocks(claimed) == ("random", *late)
    assert course.late_blocks(claimed[:1]) is None
    assert course.late_blocks([Blocks("heuristic", 0, 4)]) is None
