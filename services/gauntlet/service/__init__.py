"""The use cases, for routes, events and background work alike; the only place that emits events."""

from services.gauntlet.service.evaluations import GauntletService
from services.gauntlet.service.journal import Journal
from services.gauntlet.service.work import WorkService

__all__ = ["GauntletService", "Journal", "WorkService"]
