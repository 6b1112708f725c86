"""What every test against servers as people have them needs."""

import gc
from collections.abc import Iterator

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """nats-py leaves the sockets of failed attempts to the garbage collector, which warns of them."""
    for item in items:
        if "tests/servers/test_nats" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """So that no later test is blamed."""
    yield
    gc.collect()
