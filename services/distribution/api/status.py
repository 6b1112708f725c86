"""The service at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from services.distribution.api.dependencies import Ledger, Service
from services.distribution.daemon_state import DaemonState, LeaderSays
from services.distribution.delivery import Delivery, Head
from services.distribution.distribution import Standing, to_hold
from services.distribution.holding import Holding
from services.distribution.node import KnownNode
from services.distribution.service import Overview
from shared.contract.delivery import (
    ConfigurationProgress,
    DaemonStatus,
    DistributionStatus,
    LedgerAgreement,
    ModelDistribution,
    NodeProgress,
)
from shared.web.application import new_router

Holds = Callable[[KnownNode, Head], Holding]
router = new_router("status")


@router.get("/status")
async def read_status(service: Service, ledger: Ledger) -> DistributionStatus:
    """Every configuration's distribution, the daemon and its breakers, the agreement with the ledger, and the nodes that answer."""
    overview = await service.overview()
    return DistributionStatus(
        model_distribution=ModelDistribution(configurations=_configurations(overview, service.nodes.holding)),
        daemon=_daemon(service.daemon, overview),
        ledger=LedgerAgreement.model_validate(ledger),
        alive_peers=[urlsplit(node.url).hostname or "" for node in overview.nodes if node.is_alive],
    )


def _daemon(here: DaemonState, overview: Overview) -> DaemonStatus:
    """The daemon: as it is here, or as the process says that leads."""
    breakers = {node.name: here.breakers.get(node.name, node.breaker) for node in overview.nodes}
    leader = overview.leader if overview.leader is not None and overview.leader.is_good else None
    status = DaemonStatus(status=here.status, breakers=breakers, process=leader.holder.name if leader else None)
    if here.status == "running":
        status.last_pass_at, status.suspicion = here.last_pass_at, here.suspicion.in_words
    elif leader is None:
        status.status, status.detail = "starting", "no process of this service leads; one takes over in a moment"
    else:
        said = LeaderSays.model_validate(leader.said)
        status.status = "running" if said.last_pass_at else "starting"
        status.last_pass_at, status.suspicion = said.last_pass_at, said.suspicion
    return status


def _configurations(overview: Overview, holds: Holds) -> dict[str, ConfigurationProgress]:
    deliveries: dict[str, list[Delivery]] = {head.configuration: [] for head in overview.heads}
    for delivery in overview.deliveries:
        deliveries[delivery.configuration].append(delivery)
    nodes = {node.name: node for node in overview.nodes}
    return {
        head.configuration: _progress(head, nodes, deliveries[head.configuration], holds) for head in overview.heads
    }


def _progress(
    head: Head, nodes: Mapping[str, KnownNode], deliveries: Sequence[Delivery], holds: Holds
) -> ConfigurationProgress:
    return ConfigurationProgress(
        version=head.version,
        digest=head.digest,
        nodes={each.node: _node_progress(each, nodes[each.node], holds(nodes[each.node], head)) for each in deliveries},
        complete=Standing.of(to_hold(nodes.values(), head.configuration), deliveries).is_complete,
    )


def _node_progress(delivery: Delivery, node: KnownNode, holding: Holding) -> NodeProgress:
    return NodeProgress(
        state=delivery.state,
        bytes_done=delivery.bytes_done,
        size=delivery.size,
        from_peers=delivery.from_peers,
        from_service=delivery.from_service,
        holds=holding.state,
        played_at=delivery.played_at,
        detail=delivery.detail if delivery.is_delivered else node.trouble or delivery.detail,
        updated_at=delivery.updated_at,
    )
