"""A suite's folder as the runbook wants it: `app` and `scripts` beside `models` and `logs`, and what a shell there has to know."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from local.suite import SERVICES, Addresses

PROJECT = Path(__file__).resolve().parents[1]
DOORS = ("app", "scripts")
SCRIPT = """import typer

from cli.commands.promote import promote

typer.run(promote)
"""
"""`scripts/auto_promote.py` of an installation without a clone, which has no folder to link."""
KEYS = ("RINGRIFT_API_KEYS", "RINGRIFT_API_KEYS_FILE")
FRONT_DOOR = "localhost:8770"
"""The runbook's address of it."""


def link_doors(folder: Path) -> None:
    """Link the project's doors into a folder; what lies there under their names and is no link stays. An installed package has no
    folder of scripts: the one is written."""
    for name in DOORS:
        link = folder / name
        if link.is_symlink():
            link.unlink()
        if not link.exists() and (PROJECT / name).is_dir():
            link.symlink_to(PROJECT / name)
    if not (folder / "scripts").exists():
        (folder / "scripts").mkdir()
        (folder / "scripts" / "auto_promote.py").write_text(SCRIPT)


def shell_lines(folder: Path, addresses: Addresses, settings: Mapping[str, str]) -> Iterator[str]:
    """What is to be typed in another shell, so that the runbook's blocks work there as printed: also with keys, and on other
    ports. `settings`: those that the suite was started with."""
    wants_keys = any(settings.get(name) for name in KEYS)
    yield f"cd {shlex.quote(str(folder))}"
    yield f"export PATH={shlex.quote(f'{sys.prefix}/bin')}:$PATH"
    usual = Addresses.runbook(0)
    for name in SERVICES:
        if addresses.services[name] != usual.services[name]:
            yield f"export RINGRIFT_{name.upper()}_URL={addresses.url(name)}"
    if wants_keys:
        yield "export RINGRIFT_API_KEY=KEY    # yours: of scope operate, or force"
    is_usual = addresses.services["promotion"] == usual.services["promotion"]
    if wants_keys or not is_usual:
        yield _curl(addresses.url("promotion").removeprefix("http://"), wants_keys=wants_keys)


def _curl(front_door: str, *, wants_keys: bool) -> str:
    """A function that finds the front door and shows it the key, and shows the key to nobody else."""
    key = '-H "Authorization: Bearer $RINGRIFT_API_KEY" ' if wants_keys else ""
    found = f'command curl {key}"${{@//{FRONT_DOOR}/{front_door}}}"'
    return f'curl() {{ case "$*" in *{FRONT_DOOR}*) {found};; *) command curl "$@";; esac; }}'
