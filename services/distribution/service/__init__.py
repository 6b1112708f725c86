"""The use cases, for routes, events and the daemon alike, a module for each noun; the only place that emits events."""

from services.distribution.service.acts import Acts
from services.distribution.service.deliveries import DistributionService, Overview, Wanted
from services.distribution.service.nodes import NodeHoldings, Nodes

__all__ = ["Acts", "DistributionService", "NodeHoldings", "Nodes", "Overview", "Wanted"]
