"""The command where the game library's packages are not installed, as in the image that migrates."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.processes import ROOT, environment

WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(("numba", "numpy", "torch")))
from cli.entry import main
main()
"""


@pytest.mark.parametrize("words", [["--help"], ["migrate", "--help"], ["evaluation", "--help"]])
def test_the_command_needs_no_game(words: list[str]) -> None:
    """Whoever only looks, asks or migrates needs neither the compiled games nor networks."""
    command = [sys.executable, "-c", WITHOUT, *words]
    env = environment({}) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'client'}"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("program", "words", "said"),
    [
        (WITHOUT, ["demo"], "This needs numba: pip install 'ringrift-suite[cli,gauntlet]'"),
        (WITHOUT.replace('"numba"', '"typer"'), ["--version"], "This needs typer: pip install 'ringrift-suite[cli]'"),
    ],
)
def test_what_lacks_an_extra_says_which(program: str, words: list[str], said: str, tmp_path: Path) -> None:
    """Where a package of an extra is not installed, the command ends with one sentence that has the line to type."""
    env = environment({}) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'client'}"}
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, env=env, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, said)
