"""The whole suite, for one test at a time."""

from collections.abc import Iterator

import pytest

from tests.kit.operator import Operator, running_suite


@pytest.fixture
def settings_changed() -> dict[str, str]:
    """Settings that differ from the suite's defaults."""
    return {}


@pytest.fixture
def operator(settings_changed: dict[str, str]) -> Iterator[Operator]:
    """The operator of a running suite with one node."""
    with running_suite(settings_changed) as operator:
        yield operator
