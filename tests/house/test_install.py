"""How the suite is installed: exact versions, from any index, on any machine."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT

PROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INDEX = "https://index.invalid/cpu"
PIN = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[0-9][A-Za-z0-9.]*)")
UNPINNED = ("nvidia-", "cuda-", "triton", "setuptools")
"""What torch itself pins, with its CUDA build, and the build backend that every environment brings."""


def lock() -> dict[str, str]:
    """The lock's versions by name; a line that is not `name==version` is an error."""
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pins = [PIN.fullmatch(line) for line in lines]
    assert all(pins), [line for line, pin in zip(lines, pins, strict=True) if not pin]
    return {str(canonicalize_name(pin["name"])): pin["version"] for pin in pins if pin}


def required_by(name: str) -> list[Requirement]:
    """What an installed package needs; of one that `make install` leaves out, such as ray, nothing is known here."""
    try:
        return [Requirement(line) for line in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []


def needed(requirement: Requirement, seen: set[str]) -> Iterator[Requirement]:
    """A requirement and, once each, all that it needs here."""
    name = canonicalize_name(requirement.name)
    yield requirement
    for extra in ("", *requirement.extras):
        if f"{name}[{extra}]" in seen or name.startswith(UNPINNED):
            continue
        seen.add(f"{name}[{extra}]")
        for each in required_by(name):
            if each.marker is None or each.marker.evaluate({"extra": extra}):
                yield from needed(each, seen)


def test_the_lock_has_everything() -> None:
    """Whatever an installation needs, directly or not, has its version in the lock, within pyproject.toml's ranges."""
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    pinned, seen = lock(), set[str]()
    for line in [*PROJECT["dependencies"], *extras]:
        for each in needed(Requirement(line), seen):
            name = str(canonicalize_name(each.name))
            if not name.startswith(UNPINNED):
                assert name in pinned, f"{line} needs {name}; run `make lock`"
                assert each.specifier.contains(pinned[name], prereleases=True), f"{line}: {each} but {pinned[name]}"


def test_f42_the_lock_names_no_index_and_no_local_build() -> None:
    """The lock holds plain versions, torch's too, so that every index and every machine can satisfy it."""
    assert len(lock()) > 50
    assert re.fullmatch(r"\d+\.\d+\.\d+", lock()["torch"])
    assert "torch>=2.10" in PROJECT["optional-dependencies"]["gauntlet"]


def test_f42_make_takes_an_index_with_cpu_builds(tmp_path: Path) -> None:
    """`make install TORCH_INDEX=...` hands the index to pip; without it pip is told of none."""
    assert f"--extra-index-url {INDEX} -c constraints.txt" in install_line(f"TORCH_INDEX={INDEX}", tmp_path)
    assert "-index" not in install_line("TORCH_INDEX=", tmp_path)


def install_line(variable: str, folder: Path) -> str:
    """The pip command that `make install` would run into an environment that does not exist yet."""
    command = ["make", "-n", "install", f"VENV={folder}/venv", variable]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    [line] = [line for line in printed.splitlines() if "pip install" in line]
    return line


def test_f42_the_image_takes_an_index_with_cpu_builds() -> None:
    """The stage that installs torch has the build argument and uses it, and compose.yaml passes it on from the environment."""
    stage = (ROOT / "docker" / "Dockerfile").read_text().partition("AS packages-gauntlet")[2].partition("FROM ")[0]
    assert re.search(r"^ARG TORCH_INDEX=\nRUN .*PIP_EXTRA_INDEX_URL=\$TORCH_INDEX pip ", stage, re.MULTILINE)
    assert 'TORCH_INDEX: "${TORCH_INDEX:-}"' in (ROOT / "compose.yaml").read_text()


def test_f42_both_sizes_are_said() -> None:
    """README.md says how large an installation gets from either index, and how to choose."""
    readme = (ROOT / "README.md").read_text()
    assert "TORCH_INDEX=" in readme
    assert re.search(r"CUDA build.* 5\.2 GB.*CPU build.* 1\.5 GB", readme, re.DOTALL)


def test_the_agent_needs_neither_database_nor_bus_nor_torch() -> None:
    """It is installed alone, on every node: what it imports with the settings of all, in a process of its own, is of the base."""
    program = (
        "import sys, services.distribution.agent.__main__; from shared.process.settings import variables; variables(); "
    )
    program += "print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    services = {canonical_import(each) for each in [*PROJECT["optional-dependencies"]["gauntlet"]]}
    assert not services & set(found.stdout.split())
    assert not PROJECT["optional-dependencies"]["agent"]


def canonical_import(line: str) -> str:
    """The name by which the package of a requirement is imported."""
    name = Requirement(line).name
    return {"nats-py": "nats", "landlockpy": "landlock"}.get(name, name)


def test_services_have_the_same_needs() -> None:
    """What one of the three needs of the database and the bus, all do, and the command that runs them; pages has one."""
    extras = {name: set(lines) for name, lines in PROJECT["optional-dependencies"].items()}
    assert extras["promotion"] - {"jinja2>=3.1"} == extras["distribution"]
    assert extras["distribution"] < extras["gauntlet"]
    assert extras["promotion"] < extras["cli"]
