"""What the distribution service says of a canonical version on its way to the nodes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contract.delivery import RolloutState
from shared.contract.events.acts import Acted
from shared.contract.events.envelope import ConfigurationData, declared_by
from shared.contract.words import MOST_NODES, Digest, NodeName, Reason

Nodes = Annotated[list[NodeName], Field(max_length=MOST_NODES)]


@declared_by("distribution")
class DistributionStarted(ConfigurationData):
    """Deliveries of a canonical version to every known node were opened."""

    version: int = Field(ge=1)
    digest: Digest
    nodes: Nodes


@declared_by("distribution")
class DistributionProgress(ConfigurationData):
    """A canonical version goes to more nodes, to no more for now, or to no more at all: a wave began, somebody paused, resumed or
    aborted it, or something was wrong. `reason`: why; `changed_by`: whose word it was, null for the service's own."""

    version: int = Field(ge=1)
    digest: Digest
    state: RolloutState
    wave: int = Field(ge=1)
    waves: int = Field(ge=1)
    nodes: Nodes
    reason: Reason | None = None
    changed_by: Reason | None = None


@declared_by("distribution")
class DistributionCompleted(ConfigurationData):
    """Every known node reported the digest of the canonical version on its own disk."""

    version: int = Field(ge=1)
    digest: Digest
    nodes: Nodes
    seconds: float = Field(ge=0)


@declared_by("distribution")
class DistributionFailed(ConfigurationData):
    """The distribution's time ran out, or something was wrong with the version in one of its waves.

    `missing` names each node that was to have it by now and lacks it, and why; `reason`: what was wrong with the version; `wanted`:
    what should become of it, which the promotion service alone decides. Otherwise delivery goes on.
    """

    version: int = Field(ge=1)
    digest: Digest
    delivered: Nodes
    missing: dict[NodeName, Reason] = Field(max_length=MOST_NODES)
    reason: Reason | None = None
    wanted: Literal["rollback"] | None = None

    @property
    def summary(self) -> str:
        """What was wrong with it, or which nodes lack it, and why."""
        return self.reason or "; ".join(f"{node}: {why}" for node, why in self.missing.items())


@declared_by("distribution")
class DistributionActed(Acted):
    """A person did something at the distribution service; the audit has it."""

    action: Literal[
        "redeliver", "register_node", "move_node", "remove_node", "isolate_node", "release_node", "pause_distribution",
        "resume_distribution", "advance_distribution", "abort_distribution",
    ]  # fmt: skip
