"""The promotion service's figures for Prometheus. Nothing is decided by them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import get_args

from prometheus_client import Counter, Gauge

from services.promotion.versions import CanonicalVersion
from shared.contract.words import Disposition, Verdict
from shared.process.gauges import show

PAUSE_SECONDS = 10.0
DECISIONS = Counter("ringrift_promotion_decisions", "Evaluations that were decided", ["verdict", "disposition"])
VERSION = Gauge("ringrift_canonical_version", "The canonical version of a configuration", ["configuration"])
PROMOTED = Gauge(
    "ringrift_canonical_promoted_timestamp_seconds",
    "When a configuration's canonical version was promoted",
    ["configuration"],
)
UNVERIFIED = Gauge(
    "ringrift_canonical_unverified",
    "1 if a configuration's canonical version was forced, and no evaluation has confirmed it, else 0",
    ["configuration"],
)
FILES = Gauge("ringrift_canonical_file_differences", "Canonical files that are not what the ledger names")
AWAITING = Gauge("ringrift_promotion_awaiting", "Decisions that wait for a person")


for _verdict in get_args(Verdict):
    for _disposition in get_args(Disposition):
        DECISIONS.labels(_verdict, _disposition)


def note_decision(verdict: Verdict, disposition: Disposition) -> None:
    """An evaluation was decided."""
    DECISIONS.labels(verdict, disposition).inc()


def show_ledger(
    heads: Sequence[CanonicalVersion], unverified: Collection[str], awaiting: int, differences: int
) -> None:
    """The ledger of one moment. `unverified`: configurations."""
    show(VERSION, {each.configuration: each.version for each in heads})
    show(PROMOTED, {each.configuration: each.promoted_at.timestamp() for each in heads})
    show(UNVERIFIED, {each.configuration: float(each.configuration in unverified) for each in heads})
    AWAITING.set(awaiting)
    FILES.set(differences)
