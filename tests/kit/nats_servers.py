"""NATS servers as people have them: TLS, keys, credentials, clusters, older versions."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import nkeys

from local import ports
from local.nats import binary, write_private
from local.process import Process
from tests.kit.certificates import Pair

ANY = {"pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1}
"""A user's limits in a JWT: none."""


class Server:
    """A server with JetStream in a folder of its own. `configuration`, and `more` in the server's own words, are added to its file;
    `program` may be another version."""

    def __init__(self, folder: Path, program: Path | None = None, more: str = "", **configuration: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = ports.free_port()
        self.file = folder / "nats.conf"
        self.more = more
        self.place = f"{ports.HOST}:{self.port}"
        self.configuration = {
            "listen": self.place,
            "jetstream": {"store_dir": str(folder / "jetstream")},
            **configuration,
        }
        command: list[str | Path] = [program or binary(), "-c", self.file]
        self.process = Process("NATS", command, log=folder / "nats.log", stop_signal=signal.SIGTERM)

    def start(self) -> None:
        """Start the server with its configuration of now, and wait until it greets."""
        write_private(self.file, self._text())
        self.process.start()
        self.process.wait_until(self._silent)

    def restart(self) -> None:
        """Stop the server, and start it with its configuration of now."""
        self.process.stop()
        self.start()

    def reload(self) -> None:
        """Let the running server read its configuration of now."""
        write_private(self.file, self._text())
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGHUP)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def _text(self) -> str:
        given = {name: value for name, value in self.configuration.items() if value}
        # the server's language contains JSON, but for its escapes of letters
        lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in given.items()]
        return "\n".join([*lines, self.more])

    def _silent(self) -> str | None:
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=5) as client:
                return None if client.recv(5) == b"INFO " else "no greeting"
        except OSError as error:
            return str(error)


def _files(tls: Pair) -> dict[str, str]:
    return {"cert_file": str(tls.certificate), "key_file": str(tls.key), "ca_file": str(tls.authority)}


class Cluster:
    """Servers that know each other by routes; each may be killed and started again. With `tls`, both clients and
    routes have to speak it."""

    def __init__(self, folder: Path, size: int = 3, more: str = "", tls: Pair | None = None) -> None:
        routes = ports.free_ports(size)
        known = [f"nats://{ports.HOST}:{port}" for port in routes]
        self._scheme = "tls" if tls else "nats"
        encrypted: dict[str, Any] = {"tls": _files(tls)} if tls else {}
        self.servers = [
            Server(
                folder / f"n{number}",
                more=more,
                server_name=f"n{number}",
                cluster={"name": "test", "listen": f"{ports.HOST}:{port}", "routes": known, **encrypted},
                **encrypted,
            )
            for number, port in enumerate(routes, 1)
        ]

    @property
    def url(self) -> str:
        """Every server, comma-separated."""
        return ",".join(f"{self._scheme}://{server.place}" for server in self.servers)

    def named(self, name: str) -> Server:
        """The server of a name, as NATS says who leads."""
        return next(each for each in self.servers if each.configuration["server_name"] == name)

    def start(self) -> None:
        """Start all servers; returns when each greets."""
        for server in self.servers:
            server.start()

    def stop(self) -> None:
        """Kill all servers."""
        for server in self.servers:
            server.process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Key:
    """A new nkey: of an operator, an account, or a user."""

    def __init__(self, kind: int) -> None:
        self.seed: bytes = nkeys.encode_seed(os.urandom(32), kind)
        self.pair = nkeys.from_seed(bytearray(self.seed))
        self.public: str = self.pair.public_key.decode()

    def token(self, of: "Key", nats: dict[str, Any]) -> str:
        """A JWT about another key, signed by this one."""
        claims = {"jti": of.public, "iat": int(time.time()), "iss": self.public, "sub": of.public, "name": "test"}
        parts = [{"typ": "JWT", "alg": "ed25519-nkey"}, {**claims, "nats": {"version": 2, **nats}}]
        text = b".".join(_base64(json.dumps(part).encode()) for part in parts)
        return (text + b"." + _base64(self.pair.sign(text))).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def user_key(folder: Path) -> tuple[str, Path]:
    """A new user's public key, and the file of its seed."""
    key, path = Key(nkeys.PREFIX_BYTE_USER), folder / "user.nk"
    write_private(path, key.seed.decode() + "\n")
    return key.public, path


def operator(folder: Path) -> tuple[dict[str, Any], Path]:
    """The configuration of a server under an operator with one account, and the .creds file of a user of it."""
    boss, user = Key(nkeys.PREFIX_BYTE_OPERATOR), Key(nkeys.PREFIX_BYTE_USER)
    account, system = Key(nkeys.PREFIX_BYTE_ACCOUNT), Key(nkeys.PREFIX_BYTE_ACCOUNT)
    unlimited = {name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf")}
    stored = {name: -1 for name in ("mem_storage", "disk_storage", "streams", "consumer")}
    limits = {account: {**unlimited, **stored, "wildcards": True}, system: {**unlimited, "wildcards": True}}
    preload = {key.public: boss.token(key, {"type": "account", "limits": limit}) for key, limit in limits.items()}
    creds = folder / "user.creds"
    write_private(creds, _creds(account.token(user, {"type": "user", **ANY}), user.seed.decode()))
    configuration = {
        "operator": boss.token(boss, {"type": "operator"}),
        "system_account": system.public,
        "resolver": "MEMORY",
        "resolver_preload": preload,
    }
    return configuration, creds


def _creds(token: str, seed: str) -> str:
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )


def debian(folder: Path) -> Path | None:
    """Debian's nats-server, installed or fetched into the folder; None where there is none."""
    found = shutil.which("nats-server", path="/usr/sbin:/usr/bin")
    if found:
        return Path(found)
    if shutil.which("apt-get") is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "nats-server"], cwd=folder, capture_output=True, timeout=60)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder], capture_output=True)
    path = folder / "usr/sbin/nats-server"
    return path if path.exists() else None
