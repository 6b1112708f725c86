"""`ringrift keys`: API keys, the pair that orders to nodes are signed with, all secrets of compose.yaml."""

from __future__ import annotations

import base64
import errno
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.output import AsJson, Output
from shared.messaging.permissions import LOGINS
from shared.process.credentials import Scope, digest_of_key

NODES = ("node-1", "node-2", "node-3")
ACCEPTED: Mapping[str, Mapping[str, Scope]] = {
    "promotion": {"operator": "force", "gauntlet": "read", "distribution": "read", "prometheus": "read"},
    "gauntlet": {
        "operator": "operate",
        "promotion": "read",
        "trainer": "train",
        "worker": "play",
        "prometheus": "read",
    },
    "distribution": {
        "operator": "operate",
        "promotion": "operate",
        "prometheus": "read",
        **dict.fromkeys(NODES, "node"),
    },
}
"""By service, who calls it in compose.yaml, and with which scope: the least that does."""
PEOPLE = ("OPERATOR_", "TRAINER_")
"""Whose keys no process of compose.yaml has."""
keys = typer.Typer(help="Make API keys, order keys, and the secrets of compose.yaml.", no_args_is_help=True)


@keys.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Who will hold it; shown in the receiver's settings only")],
    scope: Annotated[Scope, typer.Option(help="What it is good for: docs/security.md")] = "read",
    as_json: AsJson = False,
) -> None:
    """Make an API key, and the entry with which one service accepts it. Example: ringrift keys new prometheus --scope read"""
    if not name or set(name) & set(":, \n"):
        raise typer.BadParameter("a name has neither colon nor comma nor space")
    key = secrets.token_urlsafe(32)
    entry = entry_of(name, scope, key)
    output = Output(as_json=as_json)
    output.say(f"key, for {name} alone:  {key}\nentry of RINGRIFT_API_KEYS, for the one service it is for:  {entry}")
    output.result({"key": key, "entry": entry})


@keys.command("order")
def order(as_json: AsJson = False) -> None:
    """Make the pair with which orders to nodes are signed and checked. Example: ringrift keys order"""
    private, public = order_pair()
    output = Output(as_json=as_json)
    output.say(f"RINGRIFT_ORDER_KEY, of the distribution service alone:  {private}")
    output.say(f"RINGRIFT_ORDER_PUBLIC_KEY, of every agent:  {public}")
    output.result({"order_key": private, "order_public_key": public})


@keys.command("compose")
def compose(
    output: Annotated[Path, typer.Option(help="The file to write, which must not be there yet")] = Path(".env"),
    folder: Annotated[
        Path | None,
        typer.Option("--secrets", help="The new folder of the secrets; `secrets` beside the file if not given"),
    ] = None,
) -> None:
    """Write every secret that compose.yaml wants, new and different for each edge, and the settings that lead to them.

    Example: ringrift keys compose --output .env
    """
    made, folder = compose_secrets(), folder or output.parent / "secrets"
    public = made.pop("ORDER_PUBLIC_KEY")
    people = {name: value for name, value in made.items() if name.startswith(PEOPLE)}
    named = "./secrets" if folder == output.parent / "secrets" else str(folder.resolve())
    try:
        _write_new(output, {"ORDER_PUBLIC_KEY": public, "SECRETS": named, "TORCH_INDEX": "", **people}, folder)
        for name, value in made.items():
            _write(folder / name.lower(), value, 0o644)  # the containers' user reads it; nobody else enters the folder
    except OSError as error:
        Output().fail(f"{error.filename} cannot be made: {error.strerror}")
        raise typer.Exit(1) from None
    Output().say(
        f"{len(made)} secrets were written to {folder}, each a file; people's keys, OPERATOR_ and TRAINER_, stand in {output} too"
    )


def _write_new(output: Path, settings: Mapping[str, str], folder: Path) -> None:
    """The file and the folder, both of them new: what is there already stays as it is."""
    for path in (output, folder):
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    folder.mkdir(mode=0o700)
    _write(output, "".join(f"{name}={value}\n" for name, value in settings.items()), 0o600)


def _write(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


def compose_secrets() -> dict[str, str]:
    """New values for all that compose.yaml keeps secret, or makes from secrets."""
    private, public = order_pair()
    roles = (f"{role}_DATABASE_PASSWORD" for role in ("MIGRATE", *map(_variable, ACCEPTED)))
    made = {name: secrets.token_hex(24) for name in ("POSTGRES_PASSWORD", *roles)}
    made |= {f"NATS_{login.upper()}_PASSWORD": secrets.token_hex(24) for login in (*LOGINS, "cluster")}
    made |= {"GRAFANA_PASSWORD": secrets.token_hex(24)} | _bucket_secrets()
    made |= {"ORDER_KEY": private, "ORDER_PUBLIC_KEY": public}
    for service, callers in ACCEPTED.items():
        presented = {caller: secrets.token_urlsafe(32) for caller in callers}
        made |= {f"{_variable(caller)}_{service.upper()}_KEY": key for caller, key in presented.items()}
        entries = (entry_of(caller, scope, presented[caller]) for caller, scope in callers.items())
        made[f"{service.upper()}_API_KEYS"] = ",".join(entries)
    return made


def _bucket_secrets() -> dict[str, str]:
    """The services' credentials for the bucket, and the S3 server's file with them."""
    access, secret = secrets.token_hex(10), secrets.token_hex(24)
    known = {
        "name": "ringrift",
        "credentials": [{"accessKey": access, "secretKey": secret}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    return {"S3_ACCESS_KEY": access, "S3_SECRET_KEY": secret, "S3_CONFIG": json.dumps({"identities": [known]})}


def entry_of(name: str, scope: Scope, key: str) -> str:
    """The entry of RINGRIFT_API_KEYS with which a key is accepted."""
    return f"{name}:{scope}:{digest_of_key(key)}"


def order_pair() -> tuple[str, str]:
    """A new private and public key, in base64."""
    key = Ed25519PrivateKey.generate()
    private, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(keys, name="keys")
