"""What the service is held to whatever comes: a clock that is set back, more nodes than can be told of."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from services.distribution.daemon_records import DaemonRecords
from services.distribution.errors import TooManyNodesError
from services.distribution.node import Node
from shared.contract.words import MOST_NODES
from tests.distribution.bench import NODES, Bench


async def test_f14_a_distribution_of_another_clock_is_completed(bench: Bench) -> None:
    """The database's clock was set back an hour since it began: it took no time, rather than less than none."""
    head = await bench.promote(1, b"first")
    async with bench.service.database.write() as tx:
        await tx.execute(text("update distribution.distributions set started_at = now() + interval '1 hour'"))
    for node in NODES:
        await bench.report(node.name, head, head)
    [done] = await bench.said("COMPLETED")
    assert done.seconds == 0


async def test_f59_no_more_nodes_than_an_event_can_name(bench: Bench) -> None:
    """One more is refused, and a known one may move all the same; with all of them away, the event is one that NATS takes."""
    others = [Node(f"{'n' * 50}-{number}", "http://n") for number in range(MOST_NODES - len(NODES))]
    await bench.service.nodes.register(*others)
    with pytest.raises(TooManyNodesError, match=f"{MOST_NODES} nodes"):
        await bench.service.nodes.register(Node("more", "http://n"))
    await bench.service.nodes.register(Node("node-1", "http://other"))
    assert len(await bench.service.nodes.page()) == MOST_NODES
    await bench.promote(1, b"first")
    async with bench.service.database.write() as tx:
        await tx.execute(text("update distribution.nodes set unreached = :why"), {"why": "x" * 1000})
    await DaemonRecords(replace(bench.service, timeout=1e-6)).close_overdue()
    [failed] = await bench.said("FAILED")
    assert len(failed.missing) == MOST_NODES
    assert len(failed.model_dump_json()) < 1_000_000
