"""What counts as fast is told from what a test file imports."""

import pytest

from tests.kit.fast import imports_slow


@pytest.mark.parametrize(
    ("path", "slow"),
    [
        ("tests/suite/test_nothing_is_lost.py", True),
        ("tests/play/games/test_conformance_geometry.py", True),
        ("tests/local/test_process.py", True),
        ("tests/distribution/test_breaker.py", False),
        ("tests/promotion/test_controller.py", False),
        ("tests/gauntlet/test_worker_loop.py", False),
        ("tests/gauntlet/worker/test_gauntlet.py", True),
    ],
)
def test_fast_is_told_from_imports(path: str, slow: bool) -> None:
    """A file that starts processes or compiles the game, itself or through a helper, is slow; a pure one is fast."""
    assert imports_slow(path) is slow
