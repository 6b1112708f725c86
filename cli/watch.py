"""Following models through a running suite, over its public HTTP interface only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringrift_client import FrontDoorError, Transport

from shared.contract.events import Event
from shared.contract.events.distribution import DistributionCompleted
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed, EvaluationStarted
from shared.contract.events.promotion import ModelPromoted, ModelPromotionFailed, ModelPromotionWithheld
from shared.messaging.outbox import BEGINNING


@dataclass
class Story:
    """What has become of one model so far."""

    name: str
    digest: str
    evaluation_id: str | None = None
    games: Mapping[str, Any] = field(default_factory=dict)
    evaluated: EvaluationCompleted | None = None
    promoted: ModelPromoted | None = None
    refused: list[str] | None = None
    delivered: DistributionCompleted | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen: refused, or promoted and on every node."""
        return self.refused is not None or self.delivered is not None

    def hear(self, event: Event) -> None:
        """Take in an event, if it is about this model."""
        data = event.data
        if getattr(data, "digest", None) != self.digest:
            return
        match data:
            case EvaluationStarted():
                self.evaluation_id = str(data.evaluation_id)
            case EvaluationCompleted():
                self.evaluated = data
            case EvaluationFailed():
                self.refused = [data.reason]
            case ModelPromoted():
                self.promoted = data
            case ModelPromotionFailed():
                self.refused = list(data.reasons)
            case ModelPromotionWithheld() if data.code != "evaluated_again":
                self.refused = list(data.reasons)
            case DistributionCompleted():
                self.delivered = data


class Watch:
    """Reads the three feeds, and what is in progress right now."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._services = {name: Transport(url, seconds=5) for name, url in urls.items()}
        self._cursors = dict.fromkeys(urls, BEGINNING)
        self.nodes: Mapping[str, Any] = {}

    def update(self, stories: list[Story], configuration: str) -> None:
        """Bring the stories up to date. A service that does not answer just now is asked again the next time."""
        for service in self._services:
            for event in self._new_events(service):
                for story in stories:
                    story.hear(event)
        for story in stories:
            if story.evaluation_id and not story.evaluated and story.refused is None:
                story.games = self._get("gauntlet", f"/v1/evaluations/{story.evaluation_id}") or story.games
        status = self._get("distribution", "/status") or {}
        configurations = status.get("model_distribution", {}).get("configurations", {})
        self.nodes = configurations.get(configuration, {}).get("nodes", {})

    def availability(self, configuration: str) -> Mapping[str, Any]:
        """Each node's own report of what is on its disk."""
        return self._get("distribution", f"/v1/configurations/{configuration}/availability") or {}

    def _new_events(self, service: str) -> list[Event]:
        page = self._get(service, "/v1/events", after=self._cursors[service], limit=200)
        if page is None:
            return []
        self._cursors[service] = page["next"]
        return [Event.model_validate(item) for item in page["items"]]

    def _get(self, service: str, path: str, **params: str | int) -> Any:
        try:
            return self._services[service].call("GET", path, params=params)
        except FrontDoorError:
            return None
