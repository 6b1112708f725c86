"""The use cases, for routes, events and the daemon alike, a module for each noun; the only place that emits events."""

from services.distribution.service.acts import Acts
from services.distribution.service.deliveries import DistributionService, Overview
from services.distribution.service.nodes import NodeHoldings, Nodes
from services.distribution.service.rollouts import DistributionDetail, Rollouts, Steer
from services.distribution.service.wanted import Wanted

__all__ = [
    "Acts",
    "DistributionDetail",
    "DistributionService",
    "NodeHoldings",
    "Nodes",
    "Overview",
    "Rollouts",
    "Steer",
    "Wanted",
]
