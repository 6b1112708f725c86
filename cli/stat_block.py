"""An evaluation as a block of plain text, to be copied into a chat or an issue. Formats what it is given; asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.standing import gates


def stat_block(detail: Mapping[str, Any]) -> str:
    """Elo with its interval, the games by opponent with what they have to reach, and the verdict."""
    rows = [*_head(detail), *map(_games, detail["opponents"]), ("verdict", gates(detail) or detail["state"])]
    wide = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{wide}} | {value}" for name, value in rows)


def _head(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield detail["configuration"], detail["model_path"] or f"digest {(detail['digest'] or '?')[:12]}"
    yield "evaluation", detail["id"]
    elo = detail["elo"]
    if elo is not None:
        low, high = (_or_unknown(elo[end]) for end in ("low", "high"))
        yield "Elo", f"{elo['rating']:.1f} [{low}, {high}] (95 %)"
    games = detail["opponents"]
    total = {name: sum(each[name] for each in games) for name in ("games", "wins", "losses", "draws")}
    yield "games", "N: {games} W: {wins} L: {losses} D: {draws}".format(**total)


def _games(each: Mapping[str, Any]) -> tuple[str, str]:
    """The games against one opponent."""
    counts = f"{each['games']}/{each['games_planned']} W: {each['wins']} L: {each['losses']} D: {each['draws']}"
    if each["win_rate"] is None:
        return each["opponent"], f"{counts}, needs {each['threshold']:.0%}"
    found = each["interval"]
    interval = "" if found is None else f" [{found['low']:.1%}, {found['high']:.1%}]"
    return each[
        "opponent"
    ], f"{counts}, {each['win_rate']:.1%}{interval}, needs {each['threshold']:.0%}: {each['verdict']}"


def _or_unknown(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"
