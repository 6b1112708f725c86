"""`ringrift keys kubernetes`: every Secret that the Helm chart of deploy/helm names, with new values, different for each edge."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.keys import entry_of, keys, order_pair
from cli.output import Output
from shared.process.credentials import Scope

ACCEPTED: Mapping[str, Mapping[str, Scope]] = {
    "promotion": {"operator": "force", "gauntlet": "read", "distribution": "read", "prometheus": "read"},
    "gauntlet": {
        "operator": "operate", "promotion": "read", "trainer": "train", "worker": "play", "scaler": "read", "prometheus": "read",
    },
    "distribution": {"operator": "operate", "promotion": "operate", "agent": "node", "prometheus": "read"},
}  # fmt: skip
"""By service, who calls it in a cluster, and with which scope: the least that does."""
Contents = dict[str, dict[str, str]]


def kubernetes(
    database: Annotated[
        str, typer.Option(help="Where Postgres is: HOST:PORT/DATABASE, with parameters if it needs any")
    ],
    output: Annotated[Path, typer.Option(help="The file to write, which must not be there yet")] = Path("secrets.json"),
    namespace: Annotated[str, typer.Option(help="Namespace of the suite")] = "ringrift",
    agents: Annotated[str, typer.Option(help="Namespace of the agents")] = "ringrift-agents",
) -> None:
    """Write every Secret that the Helm chart names, for `kubectl apply -f`.

    Example: ringrift keys kubernetes --database db.internal:5432/ringrift
    """
    private, public = order_pair()
    made = contents(database, private)
    objects = [manifest(name, agents if name == "ringrift-agent" else namespace, made[name]) for name in made]
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        Output().fail(f"{output} cannot be made: {error.strerror}")
        raise typer.Exit(1) from None
    with os.fdopen(descriptor, "w") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, file, indent=1)
    told = "people's keys are in ringrift-people, the servers' passwords in ringrift-servers"
    Output().say(f"{len(objects)} Secrets were written to {output}; {told}")
    Output().say(f"for the chart: --set agents.settings.RINGRIFT_ORDER_PUBLIC_KEY={public}")


def contents(database: str, order_key: str) -> Contents:
    """What is in each Secret, by its name."""
    roles = {name: secrets.token_hex(24) for name in ("migrate", *ACCEPTED)}
    # nats-server reads a variable that looks like a number as one
    logins = {name: f"n{secrets.token_hex(24)}" for name in (*ACCEPTED, "trainer")}
    presented = {(caller, to): secrets.token_urlsafe(32) for to, callers in ACCEPTED.items() for caller in callers}
    made: Contents = {}
    for name, password in roles.items():
        user = "ringrift" if name == "migrate" else f"ringrift_{name}"
        made[f"ringrift-{name}"] = {"RINGRIFT_DATABASE_URL": f"postgresql://{user}:{password}@{database}"}
    for to, callers in ACCEPTED.items():
        entries = [entry_of(caller, scope, presented[caller, to]) for caller, scope in callers.items()]
        made[f"ringrift-{to}"] |= {"RINGRIFT_API_KEYS": ",".join(entries), "RINGRIFT_NATS_PASSWORD": logins[to]}
    for (caller, to), key in presented.items():
        made.setdefault(f"ringrift-{caller}", {})[_key_of(caller, to)] = key
    token = secrets.token_urlsafe(32)
    made["ringrift-distribution"] |= {"RINGRIFT_ORDER_KEY": order_key, "RINGRIFT_JOIN_TOKEN": token}
    made["ringrift-agent"] |= {"RINGRIFT_JOIN_TOKEN": token}
    made["ringrift-promotion"] |= {"RINGRIFT_PAGES_SECRET": secrets.token_urlsafe(48)}
    made["ringrift-people"] = made.pop("ringrift-operator") | made.pop("ringrift-trainer")
    made["ringrift-servers"] = {
        **{f"{name.upper()}_DATABASE_PASSWORD": password for name, password in roles.items()},
        **{f"NATS_{name.upper()}_PASSWORD": password for name, password in logins.items()},
    }
    return made


def _key_of(caller: str, to: str) -> str:
    """What a caller's Secret calls the key for a service."""
    if caller == "scaler":
        return "token"
    if caller == "prometheus":
        return to
    prefix = f"{caller.upper()}_" if caller in ("operator", "trainer") else "RINGRIFT_"
    return f"{prefix}{to.upper()}_KEY"


def manifest(name: str, namespace: str, data: Mapping[str, str]) -> dict[str, object]:
    """A Secret as Kubernetes takes it."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": dict(data)}


def register(root: typer.Typer) -> None:
    """Make it a sub-command of `ringrift keys`."""
    keys.command("kubernetes")(kubernetes)
