"""Fixtures for every test: a Postgres for the session, a database and a NATS server for each test.

Where a service's tables are wanted, override `database_template` in that service's conftest:

    @pytest.fixture(scope="session")
    def database_template(make_template):
        return make_template("gauntlet", migrate)
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# before anything loads torch: networks of this size are slower with threads, and much slower where several test processes have some
os.environ["OMP_NUM_THREADS"] = "1"

from local.nats import Nats
from local.postgres import Postgres
from tests.kit.fast import is_fast
from tests.kit.servers import Databases, Migrate, Templates

TESTS = Path(__file__).parent
LONG = ("suite", "servers", "local", "docs", "cli")
"""Rooms whose tests wait for whole suites and servers."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--fast`: only the tests that start no server and compile no game."""
    parser.addoption("--fast", action="store_true", help="only the tests that start no server and compile no game")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not fast, if asked; begin with the files that take long, so that none of them is alone at the end."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in LONG)
    if config.getoption("--fast"):
        config.hook.pytest_deselected(items=[item for item in items if not is_fast(item)])
        items[:] = [item for item in items if is_fast(item)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The session's Postgres server, in fast mode."""
    # pytest's own temporary folders are closed to other users, and Postgres may have to run as one of them.
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with Postgres(Path(folder) / "postgres", durable=False) as server:
            yield server


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, for servers that refuse to run as root; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="ringrift-servers-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="session")
def make_template(postgres: Postgres) -> Callable[[str, Migrate], str]:
    """Makes a migrated template database once for the session: `make_template(name, migrate) -> template`."""
    return Templates(postgres).make


@pytest.fixture(scope="session")
def database_template() -> str | None:
    """The template of `database_url`; none, an empty database, unless overridden."""
    return None


@pytest.fixture
def make_database(postgres: Postgres) -> Iterator[Callable[[str | None], str]]:
    """Makes fresh databases for one test: `make_database(template or None) -> address`."""
    databases = Databases(postgres)
    yield databases.make
    databases.drop_all()


@pytest.fixture
def database_url(make_database: Callable[[str | None], str], database_template: str | None) -> str:
    """The address of a fresh database for this test alone."""
    return make_database(database_template)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[Nats]:
    """A NATS server with JetStream for this test alone; a test may stop, kill and start it."""
    with Nats(tmp_path / "nats", durable=False) as server:
        yield server


@pytest.fixture
def nats_url(nats_server: Nats) -> str:
    """The address of this test's NATS server."""
    return nats_server.url
