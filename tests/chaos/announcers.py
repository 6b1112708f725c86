"""Trainers that never stop announcing, one by each door, and remember what was acknowledged to them.

A trainer keeps an announcement until the gauntlet service has it; only then it counts as acknowledged.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from ringrift_client import FrontDoorError, Trainings

from cli.commands.announce import SOURCE, content
from cli.commands.announce import over_nats as announce_over_nats
from shared.contract.events.trainer import TrainingCompleted

PATIENCE = 20.0
REAL_SHARE = 0.12
"""Of the announcements name a model that is really there; the others end as soon as that is seen."""


@dataclass
class Announcer:
    """One trainer. `announce(data, event id)` returns when the gauntlet service has the announcement, and raises otherwise."""

    name: str
    announce: Callable[[TrainingCompleted, str], None]
    pause: float
    acknowledged: list[str] = field(default_factory=list)
    tries: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, seed: int) -> None:
        """Announce one model after the other until stopped, each until it is acknowledged."""
        chance = random.Random(seed)
        while not self.stopped.wait(self.pause):
            real = chance.random() < REAL_SHARE
            name = chance.choice(["trained", "untrained", "successor"]) if real else f"missing-{uuid4().hex[:8]}"
            data = TrainingCompleted(board_type="hex8", num_players=2, model_path=f"models/{name}.pth")
            self._until_acknowledged(data, f"{self.name}-{uuid4()}")

    def _until_acknowledged(self, data: TrainingCompleted, event_id: str) -> None:
        while not self.stopped.is_set():
            self.tries += 1
            try:
                self.announce(data, event_id)
            except (FrontDoorError, ConnectionError, TimeoutError, RuntimeError):
                continue
            self.acknowledged.append(event_id)
            return


def over_http(gauntlet_url: str) -> Callable[[TrainingCompleted, str], None]:
    """By POST /v1/trainings."""

    def announce(data: TrainingCompleted, event_id: str) -> None:
        with Trainings(gauntlet_url) as trainings:
            trainings.announce(content(data), SOURCE, event_id, PATIENCE)

    return announce


def over_nats(nats_url: str, gauntlet_url: str) -> Callable[[TrainingCompleted, str], None]:
    """By messages, until the service is seen to have taken one."""

    def announce(data: TrainingCompleted, event_id: str) -> None:
        with Trainings(gauntlet_url) as trainings:
            announce_over_nats(trainings, data, nats_url, event_id, PATIENCE)

    return announce
