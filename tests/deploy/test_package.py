"""The wheel: what is in it, that it is built alike everywhere, and what it brings along. `make try-wheel` installs and runs it."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from deploy.licences import brought, is_taken, licence_of
from deploy.wheel import build, git
from tests.house.tree import ROOT

PACKAGES = ("app", "cli", "local", "play", "services", "shared")
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return build(tmp_path_factory.mktemp("wheel"))


def files_of(*parts: str) -> set[str]:
    """The files below these folders that git knows or would take."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *parts).splitlines()
    return {name for name in listed if (ROOT / name).is_file()}


def test_the_wheel_has_everything_that_runs(wheel: Path) -> None:
    """Each file of each package is in it, whatever its kind (pages, demo models, migrations), and nothing else."""
    client = {name.removeprefix("client/") for name in files_of("client")}
    ours = files_of(*PACKAGES) | client
    there = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name for name in ours if not name.endswith(".md")} <= there <= ours
    assert {f"cli/demo_models/hex8_2p_{name}.pth" for name in ("untrained", "trained", "successor")} < there
    assert {f"services/{name}/migrations/env.py" for name in ("gauntlet", "promotion", "distribution")} < there


def test_the_wheel_is_the_same_wherever_it_is_built(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With other rights for new files and in another time zone it has equal bytes."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    before = os.umask(0o077)
    try:
        assert build(tmp_path).read_bytes() == wheel.read_bytes()
    finally:
        os.umask(before)


def test_the_wheel_announces_its_commands_and_settings(wheel: Path) -> None:
    """`ringrift` and `ringrift-agent` are commands, and every settings class is found without a clone."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        announced = configparser.ConfigParser()
        announced.read_string(archive.read(name).decode())
    assert set(announced["console_scripts"]) == {"ringrift", "ringrift-agent"}
    declared = {each.name for each in metadata.entry_points(group="ringrift.settings")}
    assert set(announced["ringrift.settings"]) == declared


def test_the_version_stands_in_one_place() -> None:
    """pyproject.toml has it; no source file repeats it, and the changelog has not given it away yet or has it on top."""
    written = re.compile(rf"version\s*=\s*[\"']{re.escape(VERSION)}")
    assert not [
        name
        for name in files_of(*PACKAGES, "client")
        if name.endswith(".py") and written.search((ROOT / name).read_text())
    ]
    released = re.findall(r"^## (\d\S*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert VERSION.endswith(".dev0") != (released[0] == VERSION)


def test_what_is_brought_along_may_be_passed_on() -> None:
    """Each package that an installation needs has a licence that we take."""
    licences = {name: licence_of(package) for name, package in brought().items()}
    assert len(licences) > 40
    assert not {name: licence for name, licence in licences.items() if not is_taken(licence)}


@pytest.mark.parametrize(
    "licence", ["GPL-3.0-only", "LGPLv3+", "AGPL-3.0", "SSPL-1.0", "unknown", "MIT AND GPL-2.0-only"]
)
def test_other_licences_are_not_taken(licence: str) -> None:
    """What asks for more, or says nothing, fails the test above, and a choice that has one of ours does not."""
    assert not is_taken(licence)
    assert is_taken(f"{licence} OR MIT")
