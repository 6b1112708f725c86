"""What the games against the panel say, in words for people. Pure; the panel is muted, and nothing is judged by it."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contract.evidence import Evidence, PanelEvidence
from shared.contract.judging import against_parity
from shared.contract.panel import Cycle
from shared.contract.words import PANEL, GateVerdict

_FOUND = {
    GateVerdict.PASSED: "established to be better",
    GateVerdict.FAILED: "established to be worse",
    GateVerdict.UNDECIDED: "nothing is established",
}


def on_the_panel(evidence: Evidence, num_players: int) -> Iterator[str]:
    """A sentence for each version that was met, and one for each circle."""
    yield from (_met(each, num_players) for each in evidence.panel or ())
    yield from map(_circle, evidence.cycles)


def _met(member: PanelEvidence, num_players: int) -> str:
    games, ago = member.games, PANEL[member.opponent]
    who = f"panel, muted: canonical version {member.canonical.version}, {ago} versions ago"
    rate = games.win_rate(num_players)
    if rate is None:
        found = "no games with a score"
    else:
        found = f"{games.games} games, win rate {rate:.1%}, {_FOUND[against_parity(games.tally)]}"
    return f"{who}: {found}" + ("" if member.silenced is None else f"; its games ended early: {member.silenced[:500]}")


def _circle(cycle: Cycle) -> str:
    newer = "the canonical version that it met" if cycle.newer == 1 else f"the one of {cycle.newer} versions ago"
    return f"a circle, which changes no verdict: the candidate beats {newer} and loses to the one of {cycle.older} versions ago"
