"""How far an evaluation is, in words, from what the gauntlet service answers. Asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def against(each: Mapping[str, Any], *, gate: bool = True) -> str:
    """The games against one opponent, such as `random 12/50 92% (85%)`: played and planned, win rate, and what a gate needs."""
    rate = each.get("win_rate")
    shown = "" if rate is None else f" {rate:.0%}" + (f" ({each['threshold']:.0%})" if gate else "")
    return f"{each['opponent']} {each['games']}/{each['games_planned']}{shown}"


def interval(each: Mapping[str, Any]) -> str:
    """Where the true win rate lies, such as `71% to 98%`; nothing before there are games."""
    found = each.get("interval")
    return "" if not each["games"] or found is None else f"{found['low']:.0%} to {found['high']:.0%}"


def circle(cycle: Mapping[str, Any]) -> str:
    """A circle among canonical versions, in words."""
    newer, older = (f"the canonical version of {cycle[name]} versions ago" for name in ("newer", "older"))
    if cycle["newer"] == 1:
        newer = "the canonical version"
    return f"a circle: it beats {newer} and loses to {older}"


def pace(each: Mapping[str, Any]) -> str:
    """Of the games that are played now, such as `: 60% to 98%, 38 left, 2 workers, 4.1 games/s, 9 s left`; nothing of others."""
    if not each.get("workers") and not each.get("games_per_second"):
        return ""
    workers = f"{each['workers']} worker{'' if each['workers'] == 1 else 's'}"
    told = [interval(each), f"{each['games_left']} left", workers]
    if each["games_per_second"]:
        told += [f"{each['games_per_second']:.2g} games/s", f"{each['seconds_left']:.0f} s left"]
    return ": " + ", ".join(filter(None, told))


def on_one_line(detail: Mapping[str, Any]) -> str:
    """Where an evaluation is: its state, the games so far, what it waits for or why it failed."""
    games = [against(each) + pace(each) for each in detail["opponents"] if each["games"]]
    panel = [each["games"] for each in detail.get("panel", ())]
    games += [against(each, gate=False) + pace(each) for each in panel if each["games"]]
    why = [str(detail[name]) for name in ("waits_for", "failure_reason") if detail.get(name)]
    return "   ".join([detail["state"], *games, *why])


def gates(detail: Mapping[str, Any]) -> str:
    """What the games say: `passed`, `failed`, `undecided`, or nothing while there are none."""
    verdicts = [each["verdict"] for each in detail["opponents"]]
    for each in ("failed", "inconclusive", "undecided", "passed"):
        if each in verdicts:
            return each
    return ""
