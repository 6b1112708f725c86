"""What many nodes cost the distribution service while nothing changes: processor time, writes, and how long /status takes.

The nodes are simulated: one small server answers for all of them that they hold what they should. It runs beside the whole suite,
in a process of its own, on the same cores.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil
from rich.table import Table

from local.ports import free_port
from local.postgres_roles import DATABASE
from local.suite import Addresses, Suite
from shared.contract.configuration import EVERY_CONFIGURATION
from tests.kit.waiting import until

KEYS = [str(each) for each in EVERY_CONFIGURATION]
DIGEST, SIZE = "d" * 64, 400_000
MODELS = {key: {"version": 1, "digest": DIGEST, "size": SIZE} for key in KEYS}
REST_SECONDS = 30.0
WRITES = """select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables where schemaname = 'distribution'"""


def nodes(quick: bool) -> Table:
    """Of 303 and 1,000 nodes that hold all twelve configurations."""
    table = Table(
        "nodes",
        "processor seconds a second",
        "rows written a second",
        "status p50 ms",
        "status most ms",
        title="Nodes at rest",
    )
    for number in (30,) if quick else (303, 1000):
        with at_rest(number) as suite:
            table.add_row(str(number), *measured(suite, 5 if quick else REST_SECONDS))
    return table


@contextmanager
def at_rest(number: int) -> Iterator[Suite]:
    """A suite of which so many nodes hold everything."""
    port = free_port()
    answering = multiprocessing.get_context("spawn").Process(target=answer, args=(port,))
    answering.start()
    try:
        with tempfile.TemporaryDirectory(prefix="ringrift-bench-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)
            suite = Suite(Path(folder), Addresses.free(nodes=1))
            with suite.running(lambda _: None):
                fill(suite, number, port)
                until(lambda: is_at_rest(suite, number), 300)
                yield suite
    finally:
        answering.kill()
        answering.join()


def answer(port: int) -> None:
    """Be every node, each under a path of its own."""

    class Agent(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps({"node": self.path.split("/")[1], "models": MODELS, "fetches": {}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Agent)
    server.serve_forever()


def fill(suite: Suite, number: int, port: int) -> None:
    """Every configuration has a version, and so many nodes are registered; the suite's own is not among them."""
    sql(
        suite,
        f"""insert into distribution.nodes (name, url)
            select 'node-' || n, 'http://127.0.0.1:{port}/node-' || n from generate_series(1001, 1000 + {number}) n;
        delete from distribution.nodes where name = 'node-1';
        insert into distribution.canonical (configuration, version, digest, size)
            select unnest(array{KEYS}), 1, '{DIGEST}', {SIZE}""",
    )


def is_at_rest(suite: Suite, number: int) -> bool:
    """Whether every node is known to hold everything."""
    return sql(suite, "select count(*) from distribution.deliveries where state = 'delivered'") == str(
        number * len(KEYS)
    )


def sql(suite: Suite, statement: str) -> str:
    """What the database says."""
    return suite.postgres.execute(statement, database=DATABASE).strip()


def measured(suite: Suite, seconds: float) -> tuple[str, str, str, str]:
    """The figures of a suite at rest, then of its /status."""
    process = psutil.Process(suite.processes["distribution"].pid)
    before = sum(process.cpu_times()[:2]), int(sql(suite, WRITES)), time.monotonic()
    time.sleep(seconds)
    wall = time.monotonic() - before[2]
    cpu, rows = sum(process.cpu_times()[:2]) - before[0], int(sql(suite, WRITES)) - before[1]
    took = []
    with httpx.Client(base_url=suite.addresses.url("distribution"), timeout=60) as client:
        for _ in range(20):
            asked = time.perf_counter()
            client.get("/status").raise_for_status()
            took.append(1000 * (time.perf_counter() - asked))
    return f"{cpu / wall:.3f}", f"{rows / wall:.1f}", f"{statistics.median(took):.0f}", f"{max(took):.0f}"
