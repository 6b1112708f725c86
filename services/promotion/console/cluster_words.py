"""Nodes, deliveries and distributions in words, each with the tone in which a page says it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from services.promotion.cluster_client import ClusterDelivery, ClusterDistribution, ClusterNode, Held, Steering
from shared.contract.delivery import HoldingState, RolloutState
from shared.contract.words import BreakerState, DeliveryState

Tone = Literal["good", "warn", "bad", "calm"]


class Said(NamedTuple):
    """A few words and their tone. `why`: more of it, where there is more to say."""

    tone: Tone
    words: str
    why: str | None = None


class Move(NamedTuple):
    """What a person may do to a distribution. `title`: all of it in words; `consequences`: what will happen then."""

    verb: Steering
    name: str
    title: str
    consequences: list[str]
    is_grave: bool = False


def node_state(node: ClusterNode) -> Said:
    """How a node is, the gravest first."""
    if node.isolated is not None:
        return Said("warn", "left alone", f"{node.isolated.reason} (said by {node.isolated.by})")
    if node.breaker is BreakerState.OPEN:
        return Said("bad", "not visited: its breaker is open", node.unreached)
    if node.breaker is BreakerState.HALF_OPEN:
        return Said("warn", "tried again: its breaker is half open", node.unreached)
    if node.unreached is not None:
        return Said("bad", "not reached", node.unreached)
    if node.reported_at is None:
        return Said("warn", "has never reported")
    if node.rival is not None:
        return Said("warn", "its name is claimed by another agent", node.rival)
    lacking = lacks(node)
    return (
        Said("warn", f"lacks {len(lacking)} of {len(node.holds)}") if lacking else Said("good", "holds what it should")
    )


def lacks(node: ClusterNode) -> list[str]:
    """The configurations of which a node does not hold the canonical version."""
    return [name for name, held in node.holds.items() if held.state is not HoldingState.OK]


def holding(held: Held) -> Said:
    """What a node has of a configuration."""
    had = f"version {held.version}" if held.version is not None else "another file"
    words: Mapping[HoldingState, Said] = {
        HoldingState.OK: Said("good", had),
        HoldingState.STALE: Said("warn", f"behind: {had}"),
        HoldingState.MISSING: Said("bad", "has none"),
        HoldingState.CORRUPT: Said("bad", "its file is damaged"),
        HoldingState.UNKNOWN: Said("warn", "not known"),
    }
    said = words[held.state]
    if held.state is HoldingState.OK and held.reload_error:
        return Said("warn", f"{had}, not played", held.reload_error)
    return said._replace(why=held.reason)


def delivery_state(delivery: ClusterDelivery) -> Said:
    """How far a delivery is."""
    words: Mapping[DeliveryState, Said] = {
        DeliveryState.PENDING: Said("calm", "its wave is to come" if delivery.waits else "waiting"),
        DeliveryState.FETCHING: Said("calm", "fetching"),
        DeliveryState.DELIVERED: Said("good", "plays it" if delivery.played_at else "holds it"),
        DeliveryState.SUPERSEDED: Said("calm", "overtaken by a higher version"),
    }
    said = words[delivery.state]._replace(why=delivery.reason)
    stuck = delivery.reason is not None and not delivery.waits and said.tone == "calm"
    return said._replace(tone="warn") if stuck and delivery.state is DeliveryState.PENDING else said


def distribution_state(each: ClusterDistribution) -> Said:
    """How far a distribution is."""
    if each.completed_at is not None:
        return Said("good", "every node holds it")
    if each.state is RolloutState.PAUSED:
        return Said("warn", "paused", each.reason)
    if each.state is RolloutState.ABORTED:
        return Said("bad", "aborted", each.reason)
    if each.failed_at is not None:
        return Said("bad", "its time is over, and nodes lack it", each.reason)
    return Said("calm", f"wave {each.wave} of {each.waves}" if each.waves > 1 else "on its way", each.reason)


def progress(each: ClusterDistribution) -> tuple[int, int]:
    """How many nodes hold the version, of how many."""
    return sum(one.state is DeliveryState.DELIVERED for one in each.nodes.values()), len(each.nodes)


def moves(each: ClusterDistribution) -> list[Move]:
    """What a person may do now."""
    if each.completed_at is not None:
        return []
    held, nodes = progress(each)
    known = f"Version {each.version} of {each.configuration}"
    of_it = f"the distribution of {each.configuration}, version {each.version}"
    has = f"{held} of {nodes} nodes hold it, and keep it."
    wave = f"wave {each.wave} of {each.waves}"
    pause = [f"{known} goes to no further node until somebody resumes.", has]
    resume = [f"{known} goes on to the nodes of {wave}; its soak time begins anew."]
    following = [f"Wave {each.wave + 1} of {each.waves} begins at once, whatever the nodes of wave {each.wave} say."]
    abort = [
        f"{known} goes to no further node.",
        has,
        "To bring nodes back to an earlier version, roll the configuration back.",
    ]
    aborted = each.state is RolloutState.ABORTED
    if each.state is RolloutState.RUNNING:
        offered = [Move("pause", "Pause", f"Pause {of_it}", pause)]
    else:
        offered = [Move("resume", "Resume", f"Resume {of_it}", resume)]
    if each.wave < each.waves and not aborted:
        title = f"Begin the next wave of {of_it}"
        offered.append(Move("advance", "Begin the next wave", title, following, is_grave=True))
    return offered if aborted else [*offered, Move("abort", "Abort", f"Abort {of_it}", abort, is_grave=True)]
