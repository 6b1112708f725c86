"""What each login on the bus may do: a service says its own events and looks after its own consumer, and nothing else. Pure.

docker/nats.conf and the embedded suite give these; docs/servers.md shows them.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX
from shared.contract.events.trainer import PRODUCER as TRAINER

STREAM = "RINGRIFT_EVENTS"
INBOX = "_INBOX"
SERVICES = ("gauntlet", "promotion", "distribution")
LOGINS = (*SERVICES, TRAINER)
Permissions = dict[str, dict[str, list[str]]]


def permissions(login: str) -> Permissions:
    """The permissions of a service's login, or a trainer's, in the words of the server's configuration."""
    own = [f"{SUBJECT_PREFIX}.{name}.>" for name, model in DATA_MODELS.items() if model.producer == login]
    if login not in SERVICES:
        return {
            "publish": {"allow": own},
            "subscribe": {"allow": [f"{INBOX}.>"], "deny": [f"{INBOX}.{each}.>" for each in SERVICES]},
        }
    return {"publish": {"allow": [*own, *_jetstream(login)]}, "subscribe": {"allow": [f"{INBOX}.{login}.>"]}}


def _jetstream(login: str) -> Sequence[str]:
    stream = [f"STREAM.{verb}.{STREAM}" for verb in ("INFO", "CREATE", "UPDATE")]
    consumer = [
        f"CONSUMER.{verb}.{STREAM}.{login}" for verb in ("INFO", "CREATE", "DURABLE.CREATE", "DELETE", "MSG.NEXT")
    ]
    made = [f"CONSUMER.CREATE.{STREAM}.{login}.>"]
    return [*(f"$JS.API.{each}" for each in (*stream, "STREAM.NAMES", *consumer, *made)), f"$JS.ACK.{STREAM}.{login}.>"]
