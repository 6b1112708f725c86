"""Generated requests to every door of a running suite, by schemathesis: single ones, and sequences along the documents' links.

    python -m tests.fuzz [--examples 100] [--seed 1]

It is no test. It says how many requests were answered with which status, and ends with code 1 if there was an error of a service,
or an answer that its document does not have.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.suite import SERVICES
from tests.docs.scene import set_up
from tests.house.tree import ROOT
from tests.kit.openapi_tools import tool

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
REQUESTS = 10_000
"""How many at least have to be made."""


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Send generated requests to a running suite."
    )
    parser.add_argument("--examples", type=int, default=100, help="cases for each operation and phase, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SERVICES, help="one service alone")
    arguments = parser.parse_args()
    program = tool("schemathesis")
    if program is None:
        print("schemathesis is not on this machine; `make openapi-tools` installs it", file=sys.stderr)
        return 2
    statuses: Counter[str] = Counter()
    failed = False
    with set_up() as scene, tempfile.TemporaryDirectory() as folder:
        for service in (arguments.only,) if arguments.only else SERVICES:
            report = Path(folder) / f"{service}.ndjson"
            url = scene.operator.suite.addresses.url(service)
            ended = subprocess.run(
                [
                    program, "run", f"{url}/openapi.json", "--url", url, "--checks", CHECKS, "--continue-on-failure",
                    "--max-examples", str(arguments.examples), "--seed", str(arguments.seed), "--request-timeout", "30",
                    "--report-ndjson-path", str(report), "--no-color", "--generation-database", "none", "--warnings", "off",
                    "--suppress-health-check", "all", "--no-shrink",
                ],
                env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)},
                cwd=folder,
            )  # fmt: skip
            failed = failed or ended.returncode != 0
            statuses.update(f"{service} {status}" for status in _statuses(report))
    total = sum(statuses.values())
    for name, count in sorted(statuses.items()):
        print(f"{name}: {count}")
    print(f"{total} requests in all")
    return 1 if failed or (not arguments.only and total < REQUESTS) else 0


def _statuses(report: Path) -> Iterator[int]:
    """The status of every answer, from the report's events."""
    for line in report.read_text().splitlines():
        yield from _found(json.loads(line))


def _found(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        if isinstance(value.get("status_code"), int) and "headers" in value:
            yield value["status_code"]
        for each in value.values():
            yield from _found(each)
    elif isinstance(value, list):
        for each in value:
            yield from _found(each)


if __name__ == "__main__":
    sys.exit(main())
