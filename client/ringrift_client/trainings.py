"""What a trainer says to the suite: that a model is ready. It is said until the gauntlet service has kept it.

    from ringrift_client import Trainings

    with Trainings.from_environment() as trainings:
        trainings.announce({"board_type": "hex8", "num_players": 2, "model_path": "models/my_model.pth"}, "/trainers/run-7")

A file that does not say which network it holds the weights of is announced with `architecture` and `parameters` beside these.

Source and event id together say which announcement it is; the same one again changes nothing and gets the same answer.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from ringrift_client.environment import key_for
from ringrift_client.errors import RefusedError
from ringrift_client.front_door import GAUNTLET_URL
from ringrift_client.transport import Transport
from ringrift_client.uploads import send
from ringrift_client.waiting import wait_until

STRUCTURED = "application/cloudevents+json"
KEEP_SECONDS = 60.0
POLL_SECONDS = 1.0
UPLOAD_SECONDS = 3600.0


class Trainings:
    """The gauntlet service as trainers use it; use as a context manager."""

    def __init__(self, url: str = GAUNTLET_URL, api_key: str | None = None, request_seconds: float = 10) -> None:
        """`request_seconds`: for each answer."""
        self._gauntlet = Transport(url, api_key, seconds=request_seconds, variable="RINGRIFT_GAUNTLET_URL")

    @classmethod
    def from_environment(cls) -> Trainings:
        """The service that RINGRIFT_GAUNTLET_URL names, with the key in RINGRIFT_GAUNTLET_KEY or RINGRIFT_API_KEY, or in the
        file that one of them with _FILE at its end names."""
        return cls(os.environ.get("RINGRIFT_GAUNTLET_URL") or GAUNTLET_URL, key_for("gauntlet"))

    def __enter__(self) -> Trainings:
        return self

    def __exit__(self, *_: object) -> None:
        self._gauntlet.close()

    def announce(
        self, data: Mapping[str, Any], source: str, event_id: str | None = None, seconds: float = KEEP_SECONDS
    ) -> Any:
        """Announce a model; returns the training as it was kept. A service that is away for a while is told again, for so many
        seconds. RefusedError with the reason if it can never be evaluated, NotYetError if nobody took it in time."""
        event = training_event(data, source, event_id or str(uuid4()))

        def kept() -> tuple[Any, str]:
            try:
                return self._gauntlet.call(
                    "POST", "/v1/trainings", json=event, headers={"Content-Type": STRUCTURED}
                ), ""
            except RefusedError as error:
                if error.status < 500:
                    return error, ""
                raise

        answer = wait_until(kept, seconds, poll_seconds=POLL_SECONDS)
        if isinstance(answer, RefusedError):
            raise answer
        return answer

    def upload(self, path: str | Path, digest: str, seconds: float = UPLOAD_SECONDS) -> bool:
        """Send a model's file to a service that does not see it, to be announced by its digest; whether all of it is there after so
        many seconds. The next call goes on where this one ended. OSError, FrontDoorError."""
        return send(self._gauntlet, Path(path), digest, seconds)

    def find(self, source: str, event_id: str) -> Any:
        """The training of an announcement; None if the service has none."""
        asked = {"source": source, "event_id": event_id}
        items = self._gauntlet.call("GET", "/v1/trainings", params=asked)["items"]
        return items[0] if items else None


def training_event(data: Mapping[str, Any], source: str, event_id: str) -> dict[str, Any]:
    """A TRAINING_COMPLETED as CloudEvents 1.0 in structured JSON."""
    identity = {"specversion": "1.0", "id": event_id, "source": source, "type": "TRAINING_COMPLETED"}
    return {**identity, "datacontenttype": "application/json", "data": dict(data)}
