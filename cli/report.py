"""How the progress and the end of a run look in the terminal. Formats what it is given; asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.standing import against
from cli.watch import Story
from shared.contract.evidence import EloEstimate, Evidence


def progress(stories: Sequence[Story], nodes: Mapping[str, Any]) -> RenderableType:
    """What every model is doing at this moment, and the nodes' progress."""
    lines = [Text.assemble((f"{story.name:10}", "bold"), " ", _now(story)) for story in stories if not story.is_over]
    if any(story.promoted and not story.delivered for story in stories):
        lines += [Text(f"  {name}: {_delivery(node)}") for name, node in nodes.items()]
    return Group(*lines)


def milestones(story: Story) -> list[str]:
    """What a model has reached so far, a line for each step."""
    lines = ["waiting for the gauntlet"]
    if story.evaluation_id:
        lines.append("playing")
    if story.evaluated:
        lines.append("played: " + _games(story).replace("\n", "; "))
    if story.promoted:
        lines.append(f"promoted as canonical version {story.promoted.version}")
    if story.refused is not None:
        lines.append("refused: " + "; ".join(story.refused))
    if story.delivered:
        count = len(story.delivered.nodes)
        lines.append(f"on {count} of {count} nodes, digest verified on each")
    return lines


def summary(stories: Sequence[Story], availability: Mapping[str, Any], nodes: Sequence[str]) -> Table:
    """The table at the end: each model, its games, the verdict in words, where it is now."""
    table = Table(title="What happened", show_lines=True, padding=0)
    table.add_column("model", no_wrap=True)
    table.add_column("games, win rate (needed)", no_wrap=True)
    table.add_column("verdict")
    table.add_column("canonical", no_wrap=True)
    table.add_column("nodes", min_width=10)
    for story in stories:
        table.add_row(story.name, _games(story), _verdict(story), _version(story), _nodes(story, availability, nodes))
    return table


def _now(story: Story) -> str:
    if story.promoted:
        return f"promoted as canonical version {story.promoted.version}; being delivered"
    if story.evaluated:
        return "played; being judged"
    if story.evaluation_id:
        return "playing  " + "   ".join(against(each) for each in story.games.get("opponents", []) if each["games"])
    return "waiting for the gauntlet"


def _delivery(node: Mapping[str, Any]) -> str:
    if node.get("state") == "fetching":
        return f"fetching, {node['bytes_done']:,} of {node['size']:,} bytes"
    return f"{node.get('state', '?')} {node.get('detail') or ''}"


def _games(story: Story) -> str:
    if story.evaluated is None:
        return "-"
    evidence: Evidence = story.evaluated.evidence
    facts = [_facts(evidence, index, story.evaluated.num_players) for index in range(len(evidence.opponents))]
    return "\n".join([*(against(each) + _certainty(each) for each in facts), *_elo(evidence.elo)])


def _certainty(each: Mapping[str, Any]) -> str:
    """The interval of a win rate, and how far the verdict is from another."""
    interval, margin = each["interval"], each["flip_margin"]
    if not each["games"] or interval is None:
        return ""
    return f", {interval.low:.0%} to {interval.high:.0%}" + ("" if margin is None else f", margin {margin}")


def _elo(found: EloEstimate | None) -> list[str]:
    if found is None:
        return []
    low, high = ("?" if end is None else f"{end:.0f}" for end in (found.low, found.high))
    return [f"Elo {found.rating:.0f}, {low} to {high}"]


def _facts(evidence: Evidence, index: int, num_players: int) -> dict[str, Any]:
    each = evidence.opponents[index]
    return {
        "opponent": each.opponent,
        "games": each.games,
        "games_planned": each.games_planned,
        "win_rate": each.win_rate(num_players),
        "threshold": evidence.gates.threshold(each.opponent),
        "interval": each.interval,
        "flip_margin": each.flip_margin,
    }


def _verdict(story: Story) -> str:
    if story.promoted:
        return "[green]promoted[/]: every gate passed"
    if story.refused is not None:
        return "[red]refused[/]: " + escape("\n".join(story.refused))
    return "[yellow]not decided"


def _version(story: Story) -> str:
    return f"version {story.promoted.version}\n{story.digest[:8]}" if story.promoted else "-"


def _nodes(story: Story, availability: Mapping[str, Any], nodes: Sequence[str]) -> str:
    if story.promoted is None:
        return "-"
    holding = [name for name in nodes if availability.get(name, {}).get("digest") == story.digest]
    if holding:
        return f"on {len(holding)} of {len(nodes)} nodes,\ndigest verified"
    return (
        f"was on {len(story.delivered.nodes)} of {len(nodes)} nodes,\ndigest verified"
        if story.delivered
        else "not delivered"
    )
