"""Every credential of the suite, and which process is given which: those that `ringrift keys compose` makes for compose.yaml.

Beside them each service and agent accepts a key for reading, so that every scope is there to be tried everywhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple

from cli.commands.keys import ACCEPTED, NODES, compose_secrets, entry_of
from shared.process.credentials import Scope
from tests.kit.compose import environments

READER = "reader"
RECEIVERS = (*ACCEPTED, *NODES)
SECRET_ENDINGS = ("_API_KEYS", "_KEY")


class Credential(NamedTuple):
    """A key: who presents it, to whom, what for."""

    holder: str
    receiver: str
    scope: Scope
    key: str

    def is_for(self, receiver: str, method: str, path: str) -> bool:
        """Whether it is good for a request, by docs/security.md; the code is not asked."""
        reading = method in ("GET", "HEAD") or path.endswith("/rejudge")  # which has no effect
        reach = {
            **dict.fromkeys(("force", "operate"), not (receiver in NODES and method == "PUT")),
            **({"operate": False} if (method, path) == ("POST", "/v1/epochs") else {}),
            "read": reading and not path.startswith("/v1/webhooks"),  # whose addresses are secrets
            "node": reading and path.startswith(("/v1/artifacts/", "/v1/swarm/", "/v1/signed-pointer/")),
            "play": path.startswith("/v1/work/claims") or (reading and path.startswith("/v1/artifacts/")),
            "train": path == "/v1/trainings"
            or path.startswith("/v1/uploads/")
            or (reading and path.startswith("/v1/trainings/")),
        }
        return self.receiver == receiver and reach[self.scope]

    def __str__(self) -> str:
        return f"{self.holder}'s key for {self.receiver}"


class Ring(NamedTuple):
    """All keys, and by process the variables that hold those of its edges."""

    credentials: list[Credential]
    own: Mapping[str, Mapping[str, str]]

    @classmethod
    def new(cls) -> Ring:
        """New ones."""
        made = compose_secrets()
        given = {name: _credentials_of(each) for name, each in environments(made).items()}
        credentials = [
            Credential(caller, service, scope, made[f"{_variable(caller)}_{_variable(service)}_KEY"])
            for service, callers in ACCEPTED.items()
            for caller, scope in callers.items()
        ]
        for receiver in RECEIVERS:
            reader = Credential(READER, receiver, "read", secrets.token_urlsafe(32))
            credentials.append(reader)
            accepted = [given[receiver].get("RINGRIFT_API_KEYS"), entry_of(READER, "read", reader.key)]
            given[receiver]["RINGRIFT_API_KEYS"] = ",".join(filter(None, accepted))
        return cls(credentials, {name: given[name] for name in RECEIVERS})

    def key(self, holder: str, receiver: str) -> str:
        """The key of one edge."""
        return next(each.key for each in self.credentials if each[:2] == (holder, receiver))

    @property
    def order_key(self) -> str:
        """The private key with which orders are signed."""
        return self.own["distribution"]["RINGRIFT_ORDER_KEY"]


def _credentials_of(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.endswith(SECRET_ENDINGS)}


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")
