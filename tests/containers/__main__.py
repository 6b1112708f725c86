"""`python -m tests.containers`: compose.yaml as a stranger would start it, with docker or podman and passwords hard to quote.

Each step that held is a line; exit code 1 with the reason if one did not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ringrift_client import wait_until

from tests.containers.site import HOSTILE, FailedError, Site

PATIENCE_SECONDS = 600.0
BASE = "python:3.11.14-slim-bookworm"
INSIDE = "cat /proc/1/status; touch /outside 2>/dev/null && echo Writable"
RIGHTS = {"Uid": "10001", "CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1"}
Say = Callable[[str], None]


def main() -> None:
    """Run once; nothing of it stays."""
    parser = argparse.ArgumentParser(prog="python -m tests.containers", description=__doc__)
    parser.add_argument("--built", action="store_true", help="do not build the images")
    parser.add_argument("--services", nargs="*", default=[], help="start these only, and what they need")
    asked = parser.parse_args()
    started = time.monotonic()

    def say(step: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  held: {step}", flush=True)

    with tempfile.TemporaryDirectory(prefix="ringrift-containers-") as folder:
        site = Site(Path(folder), ("nodes", "workers"))
        try:
            if not asked.built:
                site.compose("build", seconds=7200)
            run(site, asked.services, say)
        except (Exception, KeyboardInterrupt) as error:
            print(f"{time.monotonic() - started:4.0f} s  FAILED: {error or type(error).__name__}", flush=True)
            raise SystemExit(1) from None
        finally:
            site.compose("down", "--volumes")
    print(f"Everything held, in {time.monotonic() - started:.0f} s.")


def run(site: Site, services: list[str], say: Say) -> None:
    """Every step on one site."""
    sizes(site, say)
    refused_migration(site, say)
    begun = time.monotonic()
    site.compose("up", "--detach", "--no-build", *services)
    well(site)
    passwords = ", ".join(HOSTILE.values())
    say(f"up, migrated and healthy in {time.monotonic() - begun:.0f} s, with the passwords {passwords}")
    rights(site, say)
    begun = time.monotonic()
    site.compose("stop")
    ended = {name: site.state(each)["ExitCode"] for name, each in site.containers().items()}
    assert not {name: code for name, code in ended.items() if code not in (0, 143)}, ended
    say(f"stopped in {time.monotonic() - begun:.0f} s, none of them killed: {', '.join(ended)}")
    site.compose("start", *services)
    well(site)
    say("started again, and healthy")


def sizes(site: Site, say: Say) -> None:
    """How large each image is beyond the one it is made from."""
    base, found = site.size(BASE), {}
    for image in ("agent", "migrate", "promotion", "distribution", "gauntlet", "worker"):
        try:
            found[image] = (site.size(f"ringrift-{image}") - base) / 1e6
        except FailedError:
            continue
    say("megabytes of each image beyond Python's: " + ", ".join(f"{name} {size:.0f}" for name, size in found.items()))


def refused_migration(site: Site, say: Say) -> None:
    """A migration that cannot log in says so, ends, and is not started again."""
    site.compose("up", "--detach", "--no-build", "postgres")
    wait_until(partial(_healthy, site, site.containers()["postgres"]), PATIENCE_SECONDS)
    site.write({"migrate_database_password": "another"})
    site.compose("up", "--detach", "--no-build", "migrate")
    container = site.containers()["migrate"]
    wait_until(partial(_ended, site, container), PATIENCE_SECONDS)
    said = site.logs(container)
    assert site.state(container)["ExitCode"] == 1, said
    assert "the database refuses the login" in said, said
    say(f"a migration with a wrong password ended by itself and is not started again: {said.strip()[:200]}")
    site.write({})
    site.compose("down")


def well(site: Site) -> None:
    """Wait until the migration ended well and everything else is healthy."""
    for name, container in site.containers().items():
        if name == "migrate":
            wait_until(partial(_ended, site, container), PATIENCE_SECONDS)
            assert site.state(container)["ExitCode"] == 0, site.logs(container)
        else:
            wait_until(partial(_healthy, site, container), PATIENCE_SECONDS)


def _ended(site: Site, container: str) -> tuple[bool | None, str]:
    return not site.state(container)["Running"] or None, f"{container} goes on"


def _healthy(site: Site, container: str) -> tuple[bool | None, str]:
    lacking = site.is_well(container)
    return (True if lacking is None else None), f"{container}: {lacking}"


def rights(site: Site, say: Say) -> None:
    """What the processes themselves say of their rights."""
    names = {name: each for name, each in site.containers().items() if name != "migrate"}
    for name, container in names.items():
        said = site.ask("exec", container, "sh", "-c", INSIDE + "; true")
        lines = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
        assert {key: lines[key].split()[0] for key in RIGHTS} == RIGHTS, (name, said)
        assert "Writable" not in said, name
    say(
        f"user 10001, no capability, no new privileges, nothing to write to outside volumes and /tmp: {', '.join(names)}"
    )


if __name__ == "__main__":
    main()
