"""What costs nothing while nothing changes: many nodes that hold all that they should."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from services.distribution.daemon_state import LONGEST_REST, VISITS_PER_SECOND
from tests.distribution.bench import Bench
from tests.distribution.cluster import Cluster, passing
from tests.kit.fakes_distribution import head
from tests.kit.virtual_time import in_virtual_time


def crowd(cluster: Cluster, number: int) -> list[str]:
    """So many nodes."""
    names = [f"node-{each}" for each in range(number)]
    for name in names:
        cluster.add(name)
    return names


@pytest.mark.parametrize("number", [5, 100, 303])
@in_virtual_time
async def test_f52_nodes_at_rest_are_visited_in_turn(number: int) -> None:
    """However many there are, so many a second together; before, each with every pass."""
    cluster = Cluster()
    names = crowd(cluster, number)
    cluster.records.promote(head(1))
    async with cluster.running():
        await cluster.delivered(*names)
        before = sum(len(each.visits) for each in cluster.nodes.by_url.values())
        await passing(LONGEST_REST)
        visits = sum(len(each.visits) for each in cluster.nodes.by_url.values()) - before
    assert visits <= LONGEST_REST * min(VISITS_PER_SECOND, number) + number
    assert visits >= number


@in_virtual_time
async def test_f52_whatever_changes_is_seen_to_at_once() -> None:
    """A promotion reaches all of them as fast as ever, and a node that lost its disk is found in its turn."""
    cluster = Cluster()
    names = crowd(cluster, 303)
    cluster.records.promote(head(1))
    async with cluster.running():
        await cluster.delivered(*names)
        cluster.records.promote(head(2))
        await passing(0.1)
        await cluster.delivered(*names, seconds=5)
        cluster.nodes.by_url["http://node-7"].held.clear()
        await cluster.until(lambda: len(cluster.nodes.by_url["http://node-7"].orders) == 3, 303 / VISITS_PER_SECOND + 2)


async def test_f52_a_report_that_says_nothing_new_is_not_written(bench: Bench) -> None:
    """Its row stays as it is, and so does that of a node that is away for the same reason; news are written at once."""
    first = await bench.promote(1, b"first")

    async def row() -> str:
        async with bench.service.database.read() as tx:
            return str(
                (await tx.execute(text("select xmin from distribution.nodes where name = 'node-1'"))).scalar_one()
            )

    await bench.report("node-1", first, first)
    written = await row()
    for _ in range(3):
        await bench.report("node-1", first, first)
    assert await row() == written
    await bench.records.record_unreached("node-1", "connection refused")
    away = await row()
    await bench.records.record_unreached("node-1", "connection refused")
    assert away != written
    assert await row() == away
    await bench.report("node-1", first, None)
    assert await row() != away
