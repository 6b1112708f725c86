"""Which tests are fast: those that start no server and compile no game. Told from what a test uses, so that nobody has to mark it.

`make fast` runs them; conftest.py asks here.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.house.tree import ROOT, Module

SLOW_FIXTURES = frozenset({"postgres", "nats_server"})
"""Fixtures that start a server; whatever uses them, through however many others, is not fast."""
SLOW_MODULES = (
    "cli", "local.nats", "local.postgres", "local.process", "local.suite", "play.games.registry", "play.games.ringrift",
    "play.training", "services.gauntlet.worker.__main__", "services.gauntlet.worker.gauntlet", "services.gauntlet.worker.host",
    "services.gauntlet.worker.models", "services.gauntlet.worker.process", "services.gauntlet.worker.verification",
)  # fmt: skip
"""Modules that start servers and processes, or need the compiled game."""
TELLS_BY_FIXTURES = "tests/kit/servers.py"
"""Its servers come as fixtures, which tell who uses them."""


def is_fast(item: pytest.Item) -> bool:
    """Whether a test uses nothing slow, by its fixtures and by what its file imports."""
    fixtures: frozenset[str] = frozenset(getattr(item, "fixturenames", ()))
    return not fixtures & SLOW_FIXTURES and not imports_slow(str(item.path.relative_to(ROOT)))


@cache
def imports_slow(path: str) -> bool:
    """Whether a file of the tests, or one of theirs that it imports, imports something slow."""
    if path == TELLS_BY_FIXTURES:
        return False
    imported = set(Module(path, (ROOT / path).read_text()).imports.values())
    if any(name == slow or name.startswith(f"{slow}.") for name in imported for slow in SLOW_MODULES):
        return True
    modules = {name.rpartition(".")[0].replace(".", "/") + ".py" for name in imported if name.startswith("tests.")}
    return any(imports_slow(module) for module in modules if module != path and (ROOT / module).is_file())
