"""Every command and program of the pages is tried as printed, or checked as far as it goes, or listed with the reason why not."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.main import app
from tests.docs.commands import Command, Program, commands, pages, programs
from tests.docs.scene import Scene, environment, set_up
from tests.house.tree import ROOT

COMMANDS = [command for page in pages() for command in commands(page)]
PROGRAMS = [program for page in pages() for program in programs(page)]
NOT_TRIED = {
    "export": "sets what another command reads",
    "kubectl": "needs a cluster; tests/deploy holds the manifests against Kubernetes' own schemas",
    "docker": "needs containers; compose.yaml is checked by who builds the images",
    "curl -X POST localhost:8770/admin/promote ...": "stands for the whole command, which is above it on the page",
}
"""By how a command begins, with the reason."""
REFUSED = {"/replay": "urn:ringrift:problem:still-rejected"}
"""What the scene must refuse: nobody has mended the message that could not be read."""


USES_A_SUITE = "Suite.from_environment()"
OPTIONAL = ("jax", "lightning")
"""Packages that the pages show and `make install` does not bring: their programs run where they are installed."""


def of_kind(*beginnings: str) -> list[Command]:
    """The commands that begin so and are not excepted."""
    return [
        each for each in COMMANDS if each.text.startswith(beginnings) and not each.text.startswith(tuple(NOT_TRIED))
    ]


def name_of(command: Command) -> str:
    """A test's name for a command."""
    return command.name


LIVE = of_kind(
    "curl ", ".venv/bin/ringrift announce --model", ".venv/bin/ringrift curriculum", ".venv/bin/ringrift evaluation ",
    ".venv/bin/ringrift webhooks ", "printf ",
)  # fmt: skip
MAKE = of_kind("make ")
VERBS = [each for each in of_kind("ringrift ", ".venv/bin/ringrift ") if each not in LIVE]
MODULES = of_kind("python -m ", ".venv/bin/python -m ")


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """One suite for all commands."""
    with set_up() as scene:
        yield scene


@pytest.mark.parametrize("command", LIVE, ids=name_of)
def test_a_documented_request_works(command: Command, scene: Scene) -> None:
    """Against a running suite a command does what its page says: the answer is no problem, and has what is asked of it."""
    code, said = scene.types(command.text)
    refusal = next((problem for part, problem in REFUSED.items() if part in command.text), None)
    assert (refusal in said) if refusal else (code == 0), said


@pytest.mark.parametrize("command", MAKE, ids=name_of)
def test_a_documented_target_exists(command: Command) -> None:
    """`make` knows the target, and can say what it would do."""
    ended = subprocess.run([*shlex.split(command.text), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", VERBS, ids=name_of)
def test_a_documented_verb_takes_its_options(command: Command) -> None:
    """The command line has the verb, and accepts the options that the page gives it."""
    verb: Any = typer.main.get_command(app)
    words = shlex.split(command.text)[1:]
    while words and hasattr(verb, "commands") and not words[0].startswith("-"):
        verb = verb.commands[words.pop(0)]
    if hasattr(verb, "commands"):
        assert set(words) <= {each for parameter in verb.params for each in parameter.opts}
        return
    for parameter in getattr(verb, "params", ()):
        parameter.required = False  # a page may leave out what it is not about
    if words:
        verb.make_context(verb.name, words)


@pytest.mark.parametrize("command", MODULES, ids=name_of)
def test_a_documented_module_exists(command: Command) -> None:
    """`python -m` finds what the page names."""
    module = shlex.split(command.text)[2]
    assert importlib.util.find_spec(module) is not None
    assert (ROOT / module.replace(".", "/") / "__main__.py").exists() or (
        ROOT / f"{module.replace('.', '/')}.py"
    ).exists()


@pytest.mark.parametrize(
    "program", [each for each in PROGRAMS if USES_A_SUITE in each.text], ids=lambda each: each.page
)
def test_a_documented_trainer_submits(program: Program, scene: Scene) -> None:
    """A training loop of a page runs beside the suite, and prints what its comments promise."""
    for name in OPTIONAL:
        if re.search(rf"^(import|from) {name}\b", program.text, re.MULTILINE):
            pytest.importorskip(name)
    ended = scene.runs(program.text)
    assert ended.stdout.splitlines() == program.promised(), ended.stderr


@pytest.mark.parametrize(
    "program", [each for each in PROGRAMS if USES_A_SUITE not in each.text], ids=lambda each: each.page
)
def test_a_documented_program_runs(program: Program, tmp_path: Path) -> None:
    """A block of Python runs, and prints what its comments promise."""
    (tmp_path / "models").mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", program.text],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=170,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == program.promised()


def test_no_command_is_forgotten() -> None:
    """Each command of the pages is of a kind that is tried, or is excepted with a reason that still has its command."""
    tried = {each.name for each in (*LIVE, *MAKE, *VERBS, *MODULES)}
    left = [each for each in COMMANDS if each.name not in tried]
    assert not [each.name for each in left if not each.text.startswith(tuple(NOT_TRIED))]
    assert not [start for start in NOT_TRIED if not any(each.text.startswith(start) for each in left)]


def test_what_the_commands_need_is_here() -> None:
    """The programs that an operator is told to use are on this machine, so that nothing above passes for want of them."""
    assert all(shutil.which(program) for program in ("bash", "curl", "jq", "make", "sha256sum"))
