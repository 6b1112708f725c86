"""What an act will do, in sentences, before a person says yes to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.promotion.console.text import lasting, short
from services.promotion.schemas import Canonical, HoldView, PromoteRequest, SuiteStatus
from services.promotion.versions import CanonicalVersion
from shared.contract.policy import GatePolicy
from shared.contract.words import GATES, HoldKind

MOST_NAMED = 20


def of_promotion(
    status: SuiteStatus, configuration: str, asked: PromoteRequest, policy: GatePolicy, owed_seconds: float
) -> list[str]:
    """Having a model evaluated, and promoted if it passes."""
    head = status.promotion_status.configurations.get(configuration)
    number = head.version + 1 if head else 1
    said = [_now(configuration, head)]
    if asked.force:
        said.append(
            f"No game is played before: if {asked.model_path} loads, it becomes version {number} at once. Its games are owed: they "
            f"are played afterwards, within {lasting(owed_seconds)}, and the overview says what they find."
        )
    else:
        games, opponents = asked.gauntlet_games or policy.games, _opponents(policy, head)
        said.append(
            f"{asked.model_path} plays {games} games against each of {opponents} at most, under policy {policy.id}."
        )
    if asked.dry_run:
        return [*said, "It is a dry run: whatever the games say, nothing is promoted and no node changes."]
    if not asked.force:
        said.append(f"If it passes every gate, it becomes version {number} at once; otherwise nothing changes.")
    return [*said, followers(status, configuration), *_pinned(status.promotion_status.holds, configuration)]


def of_rollback(status: SuiteStatus, head: CanonicalVersion, to: CanonicalVersion, *, mark: bool) -> list[str]:
    """Going back to an earlier version's bytes."""
    said = [
        f"{head.configuration} goes from version {head.version} ({short(head.digest)}) to the bytes of version {to.version} "
        f"({short(to.digest)}), as a new version {head.version + 1}.",
        followers(status, head.configuration),
    ]
    if mark:
        said.append(
            f"The bytes of version {head.version} are marked as bad: no candidate with them is promoted by itself."
        )
    return [*said, *_pinned(status.promotion_status.holds, head.configuration)]


def of_approval(status: SuiteStatus, configuration: str, digest: str) -> list[str]:
    """Saying yes to a candidate that waits."""
    head = status.promotion_status.configurations.get(configuration)
    return [
        _now(configuration, head),
        f"The candidate {short(digest)} becomes version {head.version + 1 if head else 1} at once. If canonical or the policy is "
        "another one by then, it is evaluated again first, and waits for a word anew.",
        followers(status, configuration),
        *_pinned(status.promotion_status.holds, configuration),
    ]


def of_rejection(configuration: str, digest: str) -> list[str]:
    """Saying no to a candidate that waits."""
    return [
        f"The candidate {short(digest)} of {configuration} is refused, and its bytes are marked as bad: they are not promoted "
        "until the mark is lifted.",
        "No node changes.",
    ]


def followers(status: SuiteStatus, configuration: str) -> str:
    """The nodes that will follow."""
    spread = status.model_distribution
    if spread.status == "unreachable":
        return "The distribution service does not answer now, so which nodes follow is not known; they follow once it does."
    progress = spread.configurations.get(configuration)
    names = sorted(progress.nodes) if progress else status.alive_peers
    if not names:
        return "No node is registered, so none follows."
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return (
        f"{len(names)} {'node follows' if len(names) == 1 else 'nodes follow'}: {', '.join(names[:MOST_NAMED])}{more}."
    )


def _now(configuration: str, head: Canonical | None) -> str:
    if head is None:
        return f"{configuration} has no canonical version yet."
    return f"{configuration} is at version {head.version} ({short(head.digest)})."


def _opponents(policy: GatePolicy, head: Canonical | None) -> str:
    names = [name for name in GATES if policy.has_gate(name) and (head is not None or name != "previous")]
    return ", ".join(f"version {head.version}" if head and name == "previous" else name for name in names) or "nobody"


def _pinned(holds: Sequence[HoldView], configuration: str) -> Iterator[str]:
    for each in holds:
        if each.configuration == configuration and each.kind is HoldKind.PIN:
            yield f"It is pinned to version {each.version} by {each.placed_by}: {each.reason}. Unpin it first, or it stays there."
