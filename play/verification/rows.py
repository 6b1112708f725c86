"""Whether evidence follows from the recorded games: their schedule, their counts, where each gate ended the games.

Loads no model. Each fault is a sentence; none means that the verdict is what the rows say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel

from play.counting import Result, count
from play.record import PlayedGame
from play.running_gate import RunningGate, gate_after
from play.schedule import PlannedGame, plan_games
from play.summing_up import cost_of, elo_of
from shared.contract.evidence import Evidence, OpponentEvidence, opponents_to_meet
from shared.contract.words import PANEL, GateVerdict, OpponentName


def faults_of(
    evidence: Evidence, num_players: int, played: Sequence[PlayedGame], *, heuristic: bool = True
) -> list[str]:
    """What of the evidence does not follow from the rows. `heuristic`: whether the game has that opponent."""
    met = opponents_to_meet(evidence.gates, evidence.previous, heuristic=heuristic)
    listed = [each.opponent for each in evidence.opponents]
    if listed != ([] if evidence.skipped else met):
        return [f"the evidence lists {', '.join(listed) or 'nobody'}, to be met were {', '.join(met)}"]
    panel, silenced = evidence.panel or [], {each.opponent for each in evidence.panel or () if each.silenced}
    claims = [*evidence.opponents, *(each.games for each in panel)]
    strangers = sorted({each.opponent for each in played} - {each.opponent for each in claims})
    found = [f"there are games against {name}, who is not in the evidence" for name in strangers]
    played = sorted(played, key=lambda each: each.index)
    rows = {each.opponent: [game for game in played if game.opponent == each.opponent] for each in claims}
    try:
        counted = [_counted(name, evidence, num_players, own) for name, own in rows.items()]
    except ValueError as error:
        return [*found, f"the rows contradict themselves: {error}"]
    lost = False
    for claimed, own in zip(claims, counted, strict=True):
        name = claimed.opponent
        found += _differences(f"{name}: ", evidence, claimed, own, OpponentEvidence.model_fields)
        results = [Result.of(each) for each in rows[name]]
        gate = gate_after(evidence.gates, name, num_players, results)
        found += _faults_against(
            name, evidence, num_players, rows[name], gate, reached=not lost, may_end=name in silenced
        )
        lost = lost or (name not in PANEL and gate.verdict is not GateVerdict.PASSED)
    return [*found, *_wrongly_summed_up(evidence, num_players, counted)]


def _counted(name: OpponentName, evidence: Evidence, num_players: int, own: Sequence[PlayedGame]) -> OpponentEvidence:
    planned = evidence.gates.games_planned(num_players)
    return count(name, evidence.gates, num_players, [Result.of(each) for each in own[:planned]])


def _faults_against(
    name: OpponentName,
    evidence: Evidence,
    num_players: int,
    own: Sequence[PlayedGame],
    gate: RunningGate,
    *,
    reached: bool,
    may_end: bool,
) -> Iterator[str]:
    planned = evidence.gates.games_planned(num_players)
    if own and not reached:
        yield f"games were played against {name} after an earlier gate had not been passed"
    yield from _off_schedule(name, evidence.seed, planned, num_players, own)
    yield from _wrongly_ended(name, gate, len(own), wanted=reached and not may_end)


def _wrongly_summed_up(evidence: Evidence, num_players: int, counted: Sequence[OpponentEvidence]) -> Iterator[str]:
    """The estimate for people and the receipt, where they are not what the rows give. Seconds are nowhere in the rows."""
    elo, cost = elo_of(counted, num_players), cost_of(counted)
    yield from _differences("", evidence, evidence, evidence.model_copy(update={"elo": elo}), ["elo"])
    if evidence.cost is not None:
        yield from _differences("cost: ", evidence, evidence.cost, cost, ["games", "saved_games"])


def _differences(
    prefix: str, evidence: Evidence, claimed: BaseModel, found: BaseModel, names: Iterable[str]
) -> Iterator[str]:
    """Each field that the rows give otherwise. Evidence from before there were receipts lacks other fields too."""
    is_older = evidence.cost is None and evidence.gates.mode == "exact"
    for name in names:
        kept, own = getattr(claimed, name), getattr(found, name)
        if kept != own and not (is_older and kept is None):
            yield f"{prefix}{name} is {kept} in the evidence, {own} in the rows"


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


def _wrongly_ended(name: OpponentName, gate: RunningGate, games: int, *, wanted: bool) -> Iterator[str]:
    """Games that ended before their gate was decided, or went on after it."""
    if wanted and not gate.is_decided:
        yield f"{name}: the games end before the gate is decided"
    if gate.games < games:
        yield f"{name}: games were counted after the gate was decided"
