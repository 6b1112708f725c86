"""The suite as a training loop uses it: say that a model is ready, ask what became of it, learn what is canonical.

from ringrift_client import Suite

suite = Suite.from_environment()
ticket = suite.submit(network.state_dict(), "hex8_2p", architecture="mlp", parameters={"layers": 2, "hidden": 64})
print(ticket.verdict().promoted)

Submitting never stops a training and hardly delays it: what the suite cannot take now waits in a folder (spool.py) and is sent with
the next submission, or by `flush`.
"""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from logging import getLogger
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from ringrift_client.configuration import parsed
from ringrift_client.environment import key_for
from ringrift_client.errors import FrontDoorError, RefusedError
from ringrift_client.evaluations import Evaluations
from ringrift_client.front_door import GAUNTLET_URL, PROMOTION_URL
from ringrift_client.ledger import Ledger
from ringrift_client.model_file import Placed, place
from ringrift_client.spool import Spool, usual_folder
from ringrift_client.ticket import Doors, Ticket
from ringrift_client.trainings import Trainings, training_event

NAMESPACE = UUID("0f6f5a52-54a4-5c7e-8f57-0b9d0a6f1f5c")
FINAL = ("training-rejected", "event-id-reused", "invalid-cloud-event", "content-too-large", "upload-refused")
"""The kinds of refusal that are of the announcement itself: no other day and no other key changes them."""
FOLLOW_SECONDS = 5.0
_log = getLogger("ringrift_client")


class Suite:
    """A suite, as trainers see it. `models`: its models folder, as this machine sees it; `spool`: the folder where announcements
    wait; `source`: who announces; `seconds`: for how long a submission may wait for the suite. Use as a context manager, or not."""

    def __init__(
        self, url: str = GAUNTLET_URL, api_key: str | None = None, *, promotion_url: str = PROMOTION_URL,
        promotion_key: str | None = None, models: str | Path = "models", spool: str | Path | None = None,
        source: str | None = None, seconds: float = 5.0, upload: bool = False,
    ) -> None:  # fmt: skip
        """`url` and `api_key`: of the gauntlet service; the key has scope `train`. The promotion service's are for asking only.
        `upload`: send models to it, where it does not see the models folder of this machine."""
        self._uploads = upload
        self.source = source or f"/trainers/{socket.gethostname()}"
        self._models, self._seconds = Path(models), seconds
        self._spool = Spool(Path(spool) if spool else usual_folder())
        self._trainings = Trainings(url, api_key, request_seconds=seconds)
        self._evaluations = Evaluations(url, api_key)
        self._ledger = Ledger(promotion_url, promotion_key or api_key)

    @classmethod
    def from_environment(cls, **given: Any) -> Suite:
        """The suite that RINGRIFT_GAUNTLET_URL, RINGRIFT_PROMOTION_URL and RINGRIFT_MODELS_DIR name, with the keys of each."""
        urls = {"promotion_url": os.environ.get("RINGRIFT_PROMOTION_URL") or PROMOTION_URL}
        usual = {"promotion_key": key_for("promotion"), "models": os.environ.get("RINGRIFT_MODELS_DIR") or "models"}
        url = os.environ.get("RINGRIFT_GAUNTLET_URL") or GAUNTLET_URL
        return cls(url, key_for("gauntlet"), **{**urls, **usual, **given})

    def __enter__(self) -> Suite:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        for each in (self._trainings, self._evaluations, self._ledger):
            each.__exit__()

    def submit(
        self, model: object, configuration: str, *, architecture: str | None = None,
        parameters: Mapping[str, int] | None = None, event_id: str | None = None, **facts: Any,
    ) -> Ticket:  # fmt: skip
        """Submit a model: the path of its file, or its weights, a state dict of torch or a tree of arrays by the same names. They
        are written into the models folder, kept in the spool, and announced with `facts`, such as `epochs_completed=40`.

        ValueError for a configuration that is none, and nothing else: whatever goes wrong after that is logged as a warning, and
        stands in the ticket. The same model with the same facts is one submission, however often it is made.
        """
        seats = parsed(configuration)
        said = _metadata(seats._asdict() | {"architecture": architecture, "parameters": parameters})
        try:
            placed = place(model, self._models, configuration, said)
            network = {"architecture": architecture, "parameters": dict(parameters) if parameters else None}
            named = {"digest": placed.digest} if self._uploads else placed._asdict()
            data = _plain({**facts, **seats._asdict(), **named, **network})
            event = training_event(data, self.source, event_id or str(uuid5(NAMESPACE, _canonical(data))))
            if self._uploads:
                event["upload"] = str(self._models.resolve() / Path(*Path(placed.model_path).parts[1:]))
            return self._announced(event, configuration, placed)
        except Exception as error:  # a training goes on, whatever is the matter with its checkpoints
            _log.warning("a model of %s was not submitted: %s", configuration, error, exc_info=True)
            return Ticket(self.source, event_id or "", configuration, "failed", reason=str(error))

    def flush(self) -> int:
        """Send what waits in the spool, oldest first, for as long as a submission may take; returns how many still wait. What the
        suite refuses is set aside with its reason; a suite that is away is left alone until the next time."""
        self._send()
        return len(self._spool.waiting())

    def current(self, configuration: str) -> Any:
        """The canonical version: `version`, `digest`, `promoted_at`; None before the first. FrontDoorError if nobody can say."""
        parsed(configuration)
        try:
            return self._ledger.canonical(configuration)
        except RefusedError as error:
            if error.kind == "not-found":
                return None
            raise

    def curriculum(self) -> dict[str, float]:
        """The weight that each configuration should get in the training; 1 is the mean, and what any other counts. FrontDoorError
        if nobody can say."""
        return {each["configuration"]: each["weight"] for each in self._ledger.curriculum()["items"]}

    def follow(self, configuration: str, seconds: float = FOLLOW_SECONDS) -> Iterator[Any]:
        """The canonical version now, then each that is there when it is looked for again, every so many seconds, for ever. A suite
        that is away for a while is waited for; RefusedError if it refuses."""
        last = None
        while True:
            try:
                head = self.current(configuration)
            except RefusedError as error:
                if error.status < 500:
                    raise
            except FrontDoorError as error:
                _log.debug("%s is not followed just now: %s", configuration, error)
            else:
                if head is not None and head["version"] != last:
                    yield head
                    last = head["version"]
            time.sleep(seconds)

    def _announced(self, event: Mapping[str, Any], configuration: str, placed: Placed) -> Ticket:
        path = self._spool.put(event)
        refused = self._send()
        doors = Doors(self._trainings, self._evaluations, self._ledger)
        ticket = Ticket(self.source, event["id"], configuration, "taken", placed.digest, None, doors, self.flush)
        if path in refused:
            return replace(ticket, state="refused", reason=refused[path])
        if path.exists():
            return replace(ticket, state="spooled", reason="the gauntlet service has not taken it yet")
        return ticket

    def _send(self) -> dict[Path, str]:
        """Send what waits; the reasons of what was refused."""
        refused, end = dict[Path, str](), time.monotonic() + self._seconds
        for path in self._spool.waiting():
            event = self._spool.read(path)
            if event is None:
                continue
            try:
                if not self._is_there(event, end):
                    break
                self._trainings.announce(event["data"], event["source"], event["id"], 0)
            except RefusedError as error:
                if error.kind not in FINAL:
                    _log.warning("announcements wait in %s: %s", self._spool.folder, error)
                    break
                _log.warning("the suite refused %s: %s", path.name, error.detail)
                self._spool.set_aside(path, error.detail)
                refused[path] = error.detail
            except FileNotFoundError as error:
                self._spool.set_aside(path, f"its file is gone: {error.filename}")
                refused[path] = f"its file is gone: {error.filename}"
            except (FrontDoorError, OSError) as error:
                _log.warning("announcements wait in %s: %s", self._spool.folder, error)
                break
            else:
                self._spool.done(path)
            if time.monotonic() > end:
                break
        return refused

    def _is_there(self, event: Mapping[str, Any], end: float) -> bool:
        """Whether the service has the file, as far as that is this machine's to send; the next time goes on where this one ends."""
        if "upload" not in event:
            return True
        left = max(end - time.monotonic(), 0)
        return self._trainings.upload(event["upload"], event["data"]["digest"], left)


def _metadata(said: Mapping[str, Any]) -> dict[str, str]:
    """What a file of weights says of itself; safetensors takes texts."""
    return {
        name: value if isinstance(value, str) else json.dumps(_plain(value))
        for name, value in said.items()
        if value is not None
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: numbers of torch and numpy as numbers, what is no finite number and everything else as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "item"):
        value = value.item()
    is_plain = isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_plain else str(value)


def _canonical(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)
