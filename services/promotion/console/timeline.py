"""What became of one training, from its announcement to the last node that plays its model, with the time between. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.promotion.cluster_client import ClusterDelivery, ClusterDistribution
from services.promotion.console.cluster_words import Tone, delivery_state, distribution_state
from services.promotion.console.text import lasting, spaced
from services.promotion.repository import DecisionRow
from services.promotion.trainings_client import Announcement, Play
from services.promotion.versions import CanonicalVersion
from shared.contract.words import EvaluationState, TrainingState

MOST_NODES = 12
"""Nodes that are told one by one; of more, the first, the middle and the last."""


@dataclass(frozen=True)
class Moment:
    """Something that happened. `gap`: the time since what came before, in words; `at`: None for what is yet to come."""

    at: datetime | None
    title: str
    detail: str | None = None
    tone: Tone = "calm"
    link: tuple[str, ...] = ()
    gap: str | None = None


class Story(NamedTuple):
    """All of it, in order. `lasted`: from the first moment to the last, in words; `is_over`: nothing more is to come."""

    moments: list[Moment]
    lasted: str | None
    is_over: bool


@dataclass(frozen=True)
class Known:
    """What is known of a training, as far as it came."""

    announced: Announcement
    play: Play | None = None
    decisions: Sequence[DecisionRow] = ()
    versions: Sequence[CanonicalVersion] = ()
    distributions: Sequence[ClusterDistribution] = field(default=())


def story(known: Known) -> Story:
    """The moments in order of time, what is yet to come last."""
    happened = list(_moments(known))
    dated = sorted((each for each in happened if each.at is not None), key=lambda each: (each.at is None, each.at))
    coming = [each for each in happened if each.at is None]
    moments = [*_with_gaps(dated), *coming]
    first, last = (dated[0].at, dated[-1].at) if dated else (None, None)
    lasted = lasting((last - first).total_seconds()) if first and last and len(dated) > 1 else None
    return Story(moments, lasted, not coming)


def _moments(known: Known) -> Iterator[Moment]:
    announced = known.announced
    by = f"by {announced.source}, over {announced.door.upper()}"
    yield Moment(announced.received_at, "Announced", f"{announced.model or 'a model'}, {by}")
    if announced.state is TrainingState.REJECTED:
        yield Moment(announced.received_at, "Rejected", announced.reason, "bad")
    if known.play is not None:
        yield from _played(known.play)
        if known.play.state is EvaluationState.COMPLETED and not known.decisions:
            yield Moment(None, "To be judged")
    for decision in known.decisions:
        yield _decided(decision)
    for version in known.versions:
        title = f"Version {version.version} is canonical"
        yield Moment(version.promoted_at, title, version.reason, "good", ("/configurations/{}", version.configuration))
    for each in known.distributions:
        yield from _distributed(each)


def _played(play: Play) -> Iterator[Moment]:
    at = ("/evaluations/{}", str(play.id))
    if play.started_at is not None:
        yield Moment(play.started_at, "Its games began", None, "calm", at)
    if play.state is EvaluationState.FAILED:
        yield Moment(play.ended_at, "Its evaluation failed", play.failure_reason, "bad", at)
    elif play.ended_at is not None:
        yield Moment(play.ended_at, "Its games are played", None, "calm", at)
    elif play.started_at is not None:
        yield Moment(None, "Its games are being played", None, "calm", at)
    else:
        yield Moment(None, "It waits", f"for {play.waits_for}" if play.waits_for else None, "calm", at)


def _decided(decision: DecisionRow) -> Moment:
    tone: Tone = (
        "good" if decision.disposition == "promoted" else "warn" if decision.disposition == "awaiting" else "bad"
    )
    why = "; ".join([*decision.reasons, *([decision.why] if decision.why else [])])
    title = f"Judged: {decision.verdict}, {decision.disposition} ({spaced(decision.code)})"
    return Moment(decision.decided_at, title, why, tone, ("/decisions/{}", str(decision.id)))


def _distributed(each: ClusterDistribution) -> Iterator[Moment]:
    at = ("/distributions/{}", each.id)
    yield Moment(each.started_at, "Distribution began", f"to {len(each.nodes)} nodes", "calm", at)
    yield from _told([(one.delivered_at, name) for name, one in each.nodes.items() if one.delivered_at], "holds")
    yield from _told([(one.played_at, name) for name, one in each.nodes.items() if one.played_at], "plays")
    lacking = {name: one for name, one in each.nodes.items() if one.delivered_at is None}
    for name, one in list(lacking.items())[:MOST_NODES]:
        yield _lacking(name, one)
    if len(lacking) > MOST_NODES:
        yield Moment(None, f"{len(lacking) - MOST_NODES} more nodes lack it", None, "warn", at)
    if each.completed_at is not None:
        yield Moment(each.completed_at, "Every node holds it", None, "good", at)
    elif not lacking or each.failed_at is not None:
        said = distribution_state(each)
        yield Moment(each.failed_at, said.words, said.why, said.tone, at)


def _told(times: list[tuple[datetime, str]], verb: str) -> Iterator[Moment]:
    """Who holds or plays it when: everybody if they are few, otherwise the first, the middle and the last."""
    times.sort()
    if len(times) <= MOST_NODES:
        chosen = [(place, f"{name} {verb} it") for place, (_, name) in enumerate(times)]
    else:
        middle, all_of_them = len(times) // 2, len(times)
        together = f"All {all_of_them} nodes {verb.rstrip('s')} it, {times[-1][1]} as the last"
        many = f"{middle + 1} of {all_of_them} nodes {verb.rstrip('s')} it"
        chosen = [(0, f"{times[0][1]} {verb} it as the first"), (middle, many), (all_of_them - 1, together)]
    for place, title in chosen:
        at, name = times[place]
        yield Moment(at, title, None, "good" if verb == "plays" else "calm", ("/nodes/{}", name))


def _lacking(name: str, delivery: ClusterDelivery) -> Moment:
    said = delivery_state(delivery)
    return Moment(None, f"{name}: {said.words}", said.why, said.tone, ("/nodes/{}", name))


def _with_gaps(dated: Sequence[Moment]) -> Iterator[Moment]:
    before: datetime | None = None
    for each in dated:
        assert each.at is not None
        seconds = (each.at - before).total_seconds() if before else None
        gap = None if seconds is None else "at once" if seconds < 1 else f"{lasting(seconds)} later"
        yield Moment(each.at, each.title, each.detail, each.tone, each.link, gap)
        before = each.at
