"""The command where the game library's packages are not installed, as in the image that migrates."""

import subprocess
import sys

import pytest

from tests.kit.processes import ROOT, environment

WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(("numba", "numpy", "torch")))
from cli.main import app
app()
"""


@pytest.mark.parametrize("words", [["--help"], ["migrate", "--help"], ["evaluation", "--help"]])
def test_the_command_needs_no_game(words: list[str]) -> None:
    """Whoever only looks, asks or migrates needs neither the compiled games nor networks."""
    command = [sys.executable, "-c", WITHOUT, *words]
    env = environment({}) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'client'}"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
