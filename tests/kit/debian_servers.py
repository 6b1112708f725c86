"""Servers as Debian has them, for tests: Postgres with TLS, with Unix sockets and standbys, and PgBouncer.

Each keeps everything in a folder of its own, which other users must be able to enter: both refuse to run as root.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from local import ports
from local.process import Process, guarded
from tests.kit.certificates import Pair

BINARIES = Path("/usr/lib/postgresql/15/bin")
PGBOUNCER = Path("/usr/sbin/pgbouncer")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
PASSWORDS = (
    "host all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 trust\nlocal all all scram-sha-256\n"
)
SUPERUSER = "postgres"


def require(program: Path) -> None:
    """Skip the test where a program of Debian is not installed."""
    if not program.exists():
        pytest.skip(f"needs {program}: apt-get install {'pgbouncer' if program == PGBOUNCER else 'postgresql-15'}")


def _identity() -> str:
    if os.geteuid() != 0:
        return "self"
    nobody = pwd.getpwnam("nobody")
    return f"user:{nobody.pw_uid}:{nobody.pw_gid}"


def _own(path: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _own_copies(pair: Pair, folder: Path) -> Pair:
    """Copies of a certificate, its key and its authority that belong to the servers' user: Postgres wants a key that is its own and
    nobody else's."""
    for path in (pair.certificate, pair.key, pair.authority):
        own = folder / path.name
        shutil.copyfile(path, own)
        own.chmod(0o600)
        _own(own)
    return Pair(folder / pair.certificate.name, folder / pair.key.name)


def _run(command: Sequence[str | Path], environment: Mapping[str, str] = ENVIRONMENT) -> str:
    words = guarded([str(word) for word in command], _identity(), signal.SIGKILL)
    done = subprocess.run(words, env=dict(environment), cwd="/", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout.strip()


class DebianPostgres:
    """Debian's Postgres 15. `access` is its pg_hba.conf, `options` are settings as `name=value`."""

    def __init__(
        self, folder: Path, *, access: str = PASSWORDS, options: Sequence[str] = (), tls: Pair | None = None
    ) -> None:
        require(BINARIES / "postgres")
        self.folder, self.data, self.port = folder, folder / "data", ports.free_port()
        self.password = secrets.token_urlsafe(12)
        self._access, self._options, self._tls = access, [*FAST, *options], tls
        self._process: Process | None = None

    def start(self) -> None:
        """Make the data folder unless it is there, and start; returns when connections are taken."""
        if not self.data.exists():
            self._make_data()
        settings = [*self._options, f"unix_socket_directories={self.folder}", *self._certificates()]
        options = [word for setting in settings for word in ("-c", setting)]
        self.process.command = [
            *map(str, (BINARIES / "postgres", "-D", self.data, "-p", self.port, "-h", ports.HOST)),
            *options,
        ]
        self.process.start()
        self.process.wait_until(self._not_ready)

    def follow(self, primary: "DebianPostgres") -> None:
        """Make the data folder a copy of another server's, which it follows once started. Same password."""
        self._prepare()
        copy: list[str | Path] = [
            BINARIES / "pg_basebackup",
            "-h",
            ports.HOST,
            "-p",
            str(primary.port),
            "-U",
            SUPERUSER,
            "-c",
            "fast",
            "-R",
        ]
        _run([*copy, "-D", self.data])
        self.password = primary.password

    def promote(self) -> None:
        """Make a standby the server that takes changes."""
        self.execute("select pg_promote()")

    @property
    def process(self) -> Process:
        """The server's process, whether it runs or not."""
        if self._process is None:
            self._process = Process(
                "Postgres 15", [], log=self.folder / "log", env=ENVIRONMENT, cwd=Path("/"), identity=_identity(),
                stop_signal=signal.SIGINT, death_signal=signal.SIGINT,
            )  # fmt: skip
        return self._process

    def stop(self) -> None:
        """End it; does nothing if it does not run."""
        self.process.stop()

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, query: str = "") -> str:
        """An address of a database."""
        return f"postgresql://{user}:{self.password}@{ports.HOST}:{self.port}/{database}{query and '?' + query}"

    def execute(self, sql: str, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Run SQL over the Unix socket; returns what psql prints, without headings. RuntimeError when it fails."""
        where: list[str | Path] = ["-h", self.folder, "-p", str(self.port), "-U", user, "-d", database]
        how = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return _run([BINARIES / "psql", *where, *how], {**ENVIRONMENT, "PGPASSWORD": self.password})

    def _make_data(self) -> None:
        self._prepare()
        password = self.folder / "password"
        password.write_text(self.password)
        password.chmod(0o600)
        _own(password)
        _run(
            [
                BINARIES / "initdb",
                "-D",
                self.data,
                "-U",
                SUPERUSER,
                "-A",
                "scram-sha-256",
                "-E",
                "UTF8",
                "-N",
                f"--pwfile={password}",
            ]
        )
        (self.data / "pg_hba.conf").write_text(self._access)

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        _own(self.folder)

    def _certificates(self) -> list[str]:
        if self._tls is None:
            return []
        own = _own_copies(self._tls, self.folder)
        return ["ssl=on", f"ssl_cert_file={own.certificate}", f"ssl_key_file={own.key}", f"ssl_ca_file={own.authority}"]

    def _not_ready(self) -> str | None:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return "it has no process yet"
        ready = len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() in ("ready", "standby")
        return None if ready else "it takes no connections yet"


class PgBouncer:
    """Debian's PgBouncer in front of a server on loopback, in transaction mode, with `pool` connections to it. With `tls`,
    clients and the server have to speak TLS, the server with a certificate of the same authority. `others`: the passwords of users
    beside the one."""

    def __init__(
        self, folder: Path, port: int, user: str, password: str, *, pool: int = 2, options: Sequence[str] = (),
        tls: Pair | None = None, others: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        require(PGBOUNCER)
        folder.mkdir(parents=True)
        self.port, self._user, self._passwords = ports.free_port(), user, {**(others or {}), user: password}
        (folder / "users").write_text("".join(f'"{name}" "{known}"\n' for name, known in self._passwords.items()))
        lines = [
            "[databases]", f"* = host={ports.HOST} port={port}", "[pgbouncer]", f"listen_addr={ports.HOST}",
            f"listen_port={self.port}", "unix_socket_dir=", "auth_type=scram-sha-256", f"auth_file={folder / 'users'}",
            "pool_mode=transaction", f"default_pool_size={pool}", f"admin_users={user}", *_tls_lines(tls, folder), *options,
        ]  # fmt: skip
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        command = [PGBOUNCER, folder / "pgbouncer.ini"]
        self.process = Process(
            "PgBouncer", command, log=folder / "log", env=ENVIRONMENT, cwd=Path("/"), identity=_identity()
        )

    def start(self) -> None:
        """Start it; returns when it listens."""
        self.process.start()
        self.process.wait_until(lambda: None if not ports.is_free(self.port) else "it does not listen yet")

    def stop(self) -> None:
        """End it."""
        self.process.stop()

    def url(self, database: str, query: str = "", user: str | None = None) -> str:
        """An address of a database through it, for its user or another one."""
        login = f"{user or self._user}:{self._passwords[user or self._user]}"
        return f"postgresql://{login}@{ports.HOST}:{self.port}/{database}{query and '?' + query}"


def _tls_lines(tls: Pair | None, folder: Path) -> list[str]:
    if tls is None:
        return []
    own = _own_copies(tls, folder)
    clients = [
        "client_tls_sslmode=require",
        f"client_tls_cert_file={own.certificate}",
        f"client_tls_key_file={own.key}",
    ]
    return [*clients, "server_tls_sslmode=verify-full", f"server_tls_ca_file={own.authority}"]
