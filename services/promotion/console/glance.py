"""Each configuration on one line, and what needs a person, in words. Pure: it reads what /status and the gauntlet said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.promotion.gauntlet_reader import SeenEvaluation
from services.promotion.schemas import Canonical, HoldView, SuiteStatus, WaiverView
from shared.contract.delivery import ConfigurationProgress, HoldingState, NodeProgress
from shared.contract.words import BreakerState, DeliveryState, HoldKind, WaiverState


@dataclass(frozen=True)
class Line:
    """A configuration. `head`: None before its first version; `progress`: None where the distribution service does not say."""

    configuration: str
    head: Canonical | None
    progress: ConfigurationProgress | None
    open: Sequence[SeenEvaluation]
    holds: Sequence[HoldView]
    awaiting: int
    waiver: WaiverView | None

    @property
    def lacking(self) -> list[str]:
        """The nodes that do not hold the canonical version."""
        nodes = self.progress.nodes if self.progress else {}
        return sorted(name for name, node in nodes.items() if not has_it(node))

    @property
    def health(self) -> tuple[str, str]:
        """A colour and a word: whether the nodes have what is canonical."""
        if self.head is None:
            return "", "nothing canonical yet"
        if self.progress is None or self.progress.version != self.head.version:
            return "warn", "nodes unknown" if self.progress is None else "on its way"
        if not self.progress.nodes:
            return "warn", "no nodes"
        count = len(self.progress.nodes)
        return (
            ("warn", f"{len(self.lacking)} of {count} nodes lack it")
            if self.lacking
            else ("good", "on its node" if count == 1 else f"on all {count} nodes")
        )


def has_it(node: NodeProgress) -> bool:
    """Whether a node holds the version, as far as it is known."""
    return node.state is DeliveryState.DELIVERED and node.holds in (None, HoldingState.OK)


def lines(status: SuiteStatus, evaluations: Sequence[SeenEvaluation]) -> list[Line]:
    """Every configuration that has a version, an evaluation or a hold, by name."""
    said, spread = status.promotion_status, status.model_distribution
    known = {
        *said.configurations,
        *(each.configuration for each in evaluations),
        *(each.configuration for each in said.holds),
        *(each.configuration for each in said.awaiting),
    }
    return [
        Line(
            name,
            said.configurations.get(name),
            spread.configurations.get(name),
            [each for each in evaluations if each.configuration == name],
            [each for each in said.holds if each.configuration == name and each.kind is not HoldKind.MARK],
            sum(each.configuration == name for each in said.awaiting),
            next((each for each in said.waivers if each.configuration == name), None),
        )
        for name in sorted(known)
    ]


@dataclass(frozen=True)
class Need:
    """Something that waits for a person, in words, and the page where it is seen to (`path` with its parts), if there is one."""

    what: str
    path: str | None = None
    parts: tuple[object, ...] = ()


def needs(status: SuiteStatus) -> list[Need]:
    """What needs a person, most urgent first."""
    return [*_services(status), *_approvals(status), *_ledger(status), *_files(status), *_nodes(status)]


def _services(status: SuiteStatus) -> Iterator[Need]:
    if status.daemons.GAUNTLET.status == "unreachable":
        yield Need(f"The gauntlet service does not answer: {status.daemons.GAUNTLET.detail}")
    if status.model_distribution.status == "unreachable":
        yield Need(f"The distribution service does not answer: {status.model_distribution.detail}")
    if status.daemons.MODEL_DISTRIBUTION.suspicion:
        yield Need(f"The distribution service suspects itself: {status.daemons.MODEL_DISTRIBUTION.suspicion}")


def _approvals(status: SuiteStatus) -> Iterator[Need]:
    for each in status.promotion_status.awaiting:
        what = f"{each.configuration}: a candidate passed and waits until {each.deadline:%Y-%m-%d %H:%M} for a word"
        yield Need(what, "/decisions/{}", (each.decision_id,))
    for waiver in status.promotion_status.waivers:
        if waiver.is_expired or waiver.state in (WaiverState.FAILED, WaiverState.UNEVALUATED):
            found = waiver.finding or "its evaluation is overdue"
            yield Need(f"{waiver.configuration}: version {waiver.version} was forced, and {found}")


def _ledger(status: SuiteStatus) -> Iterator[Need]:
    if status.ledger is None:
        return
    for each in status.ledger.differences:
        yield Need(f"{each.configuration}: the nodes are given another version than the ledger names")
    if status.ledger.nodes_ahead:
        yield Need(
            f"{status.ledger.nodes_ahead} nodes hold a version that the ledger has not reached; was it restored?"
        )


def _files(status: SuiteStatus) -> Iterator[Need]:
    for each in status.promotion_status.file_differences:
        yield Need(
            f"{each.configuration}: somebody changed the canonical file; it is written again in {each.mended_in:.0f} s"
        )
    for damaged in status.promotion_status.damaged_artifacts or ():
        yield Need(f"The artifact {damaged.digest[:12]} is damaged; announce the model again")


def _nodes(status: SuiteStatus) -> Iterator[Need]:
    broken = sorted(
        name for name, state in status.daemons.MODEL_DISTRIBUTION.breakers.items() if state is BreakerState.OPEN
    )
    if broken:
        yield Need(f"Nodes that cannot be reached: {', '.join(broken[:10])}{' and others' if len(broken) > 10 else ''}")
