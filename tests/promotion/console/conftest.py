"""A promotion service whose pages a person looks at, with evaluations of a gauntlet that a test plays."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.promotion.conftest import Suite
from tests.promotion.console.browsing import Browser
from tests.promotion.console.played import Played
from tests.promotion.peers import Neighbour


@pytest.fixture
def played(gauntlet: Neighbour) -> Played:
    """The gauntlet's evaluations."""
    return Played(gauntlet)


@pytest.fixture
async def browser(suite: Suite, played: Played) -> AsyncIterator[Browser]:
    """Somebody at the pages, on this machine."""
    async with Browser(suite.app) as someone:
        yield someone
