"""Whether evidence follows from the recorded games: their schedule, their counts, where each gate ended the games.

Loads no model. Each fault is a sentence; none means that the verdict is what the rows say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from play.counting import Result, count
from play.record import PlayedGame
from play.schedule import PlannedGame, plan_games
from shared.contract.evidence import Evidence, OpponentEvidence, opponents_to_meet
from shared.contract.gate import exact_gate
from shared.contract.words import GateVerdict, OpponentName


def faults_of(evidence: Evidence, num_players: int, played: Sequence[PlayedGame]) -> list[str]:
    """What of the evidence does not follow from the rows."""
    met = opponents_to_meet(evidence.previous)
    listed = [each.opponent for each in evidence.opponents]
    if listed != ([] if evidence.skipped else met):
        return [f"the evidence lists {', '.join(listed) or 'nobody'}, to be met were {', '.join(met)}"]
    strangers = sorted({each.opponent for each in played} - set(listed))
    found = [f"there are games against {name}, who is not in the evidence" for name in strangers]
    lost = False
    for claimed in evidence.opponents:
        own = sorted((each for each in played if each.opponent == claimed.opponent), key=lambda each: each.index)
        found += _faults_against(claimed, evidence, num_players, own, reached=not lost)
        lost = lost or _verdict(claimed.opponent, evidence, num_players, own) is not GateVerdict.PASSED
    return found


def _faults_against(
    claimed: OpponentEvidence, evidence: Evidence, num_players: int, own: Sequence[PlayedGame], *, reached: bool
) -> Iterator[str]:
    name, planned = claimed.opponent, evidence.gates.games_planned(num_players)
    if own and not reached:
        yield f"games were played against {name} after an earlier gate had not been passed"
    yield from _off_schedule(name, evidence.seed, planned, num_players, own)
    counted = count(name, planned, num_players, [Result.of(each) for each in own])
    for field in OpponentEvidence.model_fields:
        kept, found = getattr(claimed, field), getattr(counted, field)
        if kept != found:
            yield f"{name}: {field} is {kept} in the evidence, {found} in the rows"
    yield from _wrongly_ended(name, evidence, num_players, own, reached=reached)


def _off_schedule(
    name: OpponentName, seed: int, planned: int, num_players: int, own: Sequence[PlayedGame]
) -> Iterator[str]:
    """Games that are not the first whole blocks of the schedule that the seed gives."""
    schedule = plan_games(seed, name, planned, num_players)
    if len(own) > len(schedule) or len(own) % num_players:
        yield f"{name}: {len(own)} games are no whole blocks of the {len(schedule)} planned"
    for each, plan in zip(own, schedule, strict=False):
        if PlannedGame.of(each) != plan:
            yield f"{name}: game {each.index} is not the one that the seed plans there"


def _wrongly_ended(
    name: OpponentName, evidence: Evidence, num_players: int, own: Sequence[PlayedGame], *, reached: bool
) -> Iterator[str]:
    """Games that ended before their gate was decided, or went on after it."""
    verdict = _verdict(name, evidence, num_players, own)
    if reached and verdict is GateVerdict.UNDECIDED:
        yield f"{name}: the games end before the gate is decided"
    before = _verdict(name, evidence, num_players, own[:-num_players]) if own else GateVerdict.UNDECIDED
    if before is not GateVerdict.UNDECIDED:
        yield f"{name}: games were counted after the gate was decided"


def _verdict(name: OpponentName, evidence: Evidence, num_players: int, own: Sequence[PlayedGame]) -> GateVerdict:
    planned = evidence.gates.games_planned(num_players)
    units = sum(each.units or 0 for each in own)
    return exact_gate(units, min(len(own), planned), planned, num_players, evidence.gates.threshold(name))
