"""The folder in which the runbook works: what is linked into it, and what a shell there is told to type."""

from __future__ import annotations

import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from cli.runbook_folder import PROJECT, link_doors, shell_lines
from local.addresses import Addresses
from tests.kit.http_server import serving
from tests.kit.processes import environment


def heard(lines: list[str], *urls: str) -> list[str | None]:
    """The keys that a server hears when a shell that typed these lines asks the front door, and then these addresses."""
    keys: list[str | None] = []

    class FrontDoor(BaseHTTPRequestHandler):
        """Hears."""

        def do_GET(self) -> None:
            """Answer nothing."""
            keys.append(self.headers["Authorization"])
            self.send_response(204)
            self.end_headers()

    with serving(FrontDoor) as url:
        asked = "; ".join(
            f"curl -s {each}" for each in ("http://localhost:8770/status", *(f"{url}{each}" for each in urls))
        )
        typed = "\n".join(
            line.replace("=KEY ", "=secret ").replace("PLACE", url.removeprefix("http://")) for line in lines
        )
        subprocess.run(["bash", "-c", f"{typed}\n{asked}"], env=environment({}), check=True, timeout=20)
    return keys


def lines_at(folder: Path, settings: dict[str, str]) -> list[str]:
    """What is printed for a suite on other ports; PLACE stands for where its front door is."""
    addresses = Addresses({**Addresses.free(0).services, "promotion": ("PLACE", 0)}, {})
    return [line.replace("PLACE:0", "PLACE") for line in shell_lines(folder, addresses, settings)]


def test_f31_the_key_is_shown_to_the_front_door_alone(tmp_path: Path) -> None:
    """Where the suite wants keys, curl presents one to the front door, wherever it listens, and to no other address."""
    lines = lines_at(tmp_path, {"RINGRIFT_API_KEYS": "a:read:x"})
    assert heard(lines, "/health") == ["Bearer secret", None]
    assert "export RINGRIFT_API_KEY=KEY    # yours: of scope operate, or force" in lines


def test_f31_without_keys_there_is_none(tmp_path: Path) -> None:
    """On other ports curl finds the front door, and presents nothing; on the runbook's nothing has to be typed for it."""
    assert heard(lines_at(tmp_path, {})) == [None]
    assert [line.split("=")[0] for line in shell_lines(tmp_path, Addresses.runbook(), {})] == [
        f"cd {tmp_path}",
        "export PATH",
    ]


def test_f31_the_doors_are_linked_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """The programs and the script are reached from the folder; a folder of the operator's own stays."""
    (tmp_path / "scripts").mkdir()
    for _ in range(2):
        link_doors(tmp_path)
    assert (tmp_path / "app").resolve() == PROJECT / "app"
    assert not (tmp_path / "scripts").is_symlink()
