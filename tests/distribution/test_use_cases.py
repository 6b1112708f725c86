"""The use cases of the distribution service and their records, on a database and without servers."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY

from services.distribution.breaker import BreakerMemory
from services.distribution.daemon_records import DaemonRecords
from services.distribution.delivery import Progress, assess
from services.distribution.errors import NotCanonicalError, NotKnownYetError, UnknownError
from services.distribution.node import Damage, Isolation, Node, Report
from services.distribution.service import Wanted
from shared.contract.audit_chain import Actor
from shared.contract.delivery import HoldingState
from shared.contract.words import BreakerState, DeliveryState
from tests.distribution.bench import HEX8, NODES, Bench
from tests.kit.waiting import async_until

OPENED = datetime(2026, 1, 1, tzinfo=UTC)


async def test_g11_the_deliveries_exist_before_the_first_byte(bench: Bench) -> None:
    """The event opens one for each node, and says so with the names."""
    head = await bench.promote(1, b"first")
    assert await bench.states() == {(1, "node-1"): "pending", (1, "node-2"): "pending"}
    [started] = await bench.said("STARTED")
    assert (started.version, started.digest, started.nodes) == (1, head.digest, ["node-1", "node-2"])
    assert await bench.records.open_deliveries() == (list(NODES), [head], {})


async def test_g10_only_a_higher_version_is_desired(bench: Bench) -> None:
    """A late event of a lower version, and another of the same, change nothing and say nothing."""
    head = await bench.promote(2, b"second")
    await bench.promote(1, b"first")
    await bench.promote(2, b"other")
    assert len(await bench.said("STARTED")) == 1
    assert (await bench.records.open_deliveries())[1] == [head]


async def test_a_higher_version_supersedes_what_is_unfinished(bench: Bench) -> None:
    """A delivery that had arrived stays delivered: it is history."""
    first = await bench.promote(1, b"first")
    await bench.report("node-1", first, first)
    await bench.promote(2, b"second")
    assert await bench.states() == {
        (1, "node-1"): "delivered", (1, "node-2"): "superseded", (2, "node-1"): "pending", (2, "node-2"): "pending",
    }  # fmt: skip
    await bench.report("node-2", first, first)
    assert (await bench.states())[1, "node-2"] == "superseded"


async def test_an_unchanged_report_moves_nothing(bench: Bench) -> None:
    """The time of delivery is that of the first report; a lost disk moves it back, and keeps that time."""
    head = await bench.promote(1, b"first")
    await bench.report("node-1", head, head)
    before = (await bench.deliveries())[1, "node-1"]
    assert (before.state, before.bytes_done, before.detail) == (DeliveryState.DELIVERED, head.size, None)
    assert before.delivered_at == before.updated_at
    await bench.report("node-1", head, head)
    assert (await bench.deliveries())[1, "node-1"] == before
    await bench.report("node-1", head, None)
    lost = (await bench.deliveries())[1, "node-1"]
    assert (lost.state, lost.detail) == (DeliveryState.PENDING, "the node does not hold this model")
    assert lost.delivered_at == before.delivered_at
    assert lost.updated_at > before.updated_at


async def test_what_a_node_fetches_is_seen(bench: Bench) -> None:
    """Bytes and reason of a delivery are the node's."""
    head = await bench.promote(1, b"first")
    await bench.records.record_report(
        "node-1", Report("node-1"), [Progress(head, DeliveryState.FETCHING, 3, "half of it")]
    )
    delivery = (await bench.deliveries())[1, "node-1"]
    assert (delivery.state, delivery.bytes_done, delivery.detail) == (DeliveryState.FETCHING, 3, "half of it")
    assert delivery.delivered_at is None


async def test_a_failed_visit_is_told_of_the_node_and_of_what_is_unfinished(bench: Bench) -> None:
    """What was delivered is not taken back; the reason is cut to a length that can be shown."""
    head = await bench.promote(1, b"first")
    await bench.report("node-1", head, head)
    for name in ("node-1", "node-2"):
        await bench.records.record_unreached(name, "x" * 5000)
    assert {each.node.unreached for each in await bench.service.nodes.page()} == {"x" * 1000}
    states = await bench.deliveries()
    assert states[1, "node-1"].state is DeliveryState.DELIVERED
    assert (states[1, "node-2"].state, states[1, "node-2"].detail) == (DeliveryState.PENDING, "x" * 1000)
    availability = await bench.service.availability(HEX8)
    assert {name: each.has_model for name, each in availability.items()} == {"node-1": False, "node-2": False}
    await bench.report("node-1", head, head)
    assert (await bench.service.availability(HEX8))["node-1"].has_model


async def test_g11_what_a_node_says_of_its_disk_is_shown(bench: Bench) -> None:
    """Damage, free space and the agent's version; free space alone is no news that is worth a write."""
    head = await bench.promote(1, b"first")
    damaged = Report("node-1", damaged={HEX8: Damage(1, head.digest, "0" * 64)}, agent_version="1.2", free_bytes=7)
    for report in (damaged, replace(damaged, free_bytes=8)):
        await bench.records.record_report("node-1", report, [assess(head, report)])
    [node, other] = await bench.service.nodes.page()
    assert (node.holds[HEX8].state, other.holds[HEX8].state) == (HoldingState.CORRUPT, HoldingState.UNKNOWN)
    assert (node.node.agent_version, node.node.free_bytes) == ("1.2", 7)
    assert (await bench.states())[1, "node-1"] == "pending"
    assert (await bench.service.availability(HEX8))["node-1"].reason == (
        f"its file has digest {'0' * 64}, not {head.digest}; it is fetched anew"
    )
    await bench.report("node-1", head, head)
    assert (await bench.service.nodes.page())[0].holds[HEX8].state is HoldingState.OK


async def test_g11_a_distribution_is_completed_once(bench: Bench) -> None:
    """By the last node's report, with every name; asking again, at once and together, says nothing more."""
    head = await bench.promote(1, b"first")
    await bench.report("node-1", head, head)
    assert await bench.said("COMPLETED") == []
    await bench.report("node-2", head, head)
    await asyncio.gather(*(bench.records.close_overdue() for _ in range(5)))
    [done] = await bench.said("COMPLETED")
    assert (done.version, done.digest, done.nodes) == (1, head.digest, ["node-1", "node-2"])
    assert 0 <= done.seconds < 60


async def test_g11_an_overdue_distribution_fails_once_and_completes_later(bench: Bench) -> None:
    """The one event names who lacks the version and why; the late completion is told too."""
    head = await bench.promote(1, b"first")
    await bench.report("node-1", head, head)
    await bench.records.record_unreached("node-2", "connection refused")
    await bench.records.close_overdue()
    assert await bench.said("FAILED") == []
    impatient = DaemonRecords(replace(bench.service, timeout=1e-6))
    await asyncio.gather(*(impatient.close_overdue() for _ in range(5)))
    [failed] = await bench.said("FAILED")
    assert (failed.delivered, failed.missing) == (["node-1"], {"node-2": "connection refused"})
    await bench.report("node-2", head, head)
    assert len(await bench.said("COMPLETED")) == 1


async def test_a_removed_node_is_waited_for_no_longer(bench: Bench) -> None:
    """Its deliveries and breaker go with it, and what is said of it afterwards is dropped."""
    head = await bench.promote(1, b"first")
    await bench.report("node-1", head, head)
    await bench.records.save_breaker("node-2", BreakerMemory())
    await bench.service.nodes.remove("node-2")
    await bench.records.close_overdue()
    [done] = await bench.said("COMPLETED")
    assert done.nodes == ["node-1"]
    await bench.report("node-2", head, head)
    await bench.records.record_unreached("node-2", "away")
    await bench.records.save_breaker("node-2", BreakerMemory())
    assert [each.node.name for each in await bench.service.nodes.page()] == ["node-1"]
    assert await bench.records.breakers() == {}
    with pytest.raises(UnknownError, match="there is no node node-2"):
        await bench.service.nodes.remove("node-2")


async def test_an_isolated_node_is_left_alone_and_named(bench: Bench) -> None:
    """It is not among those to visit, counts as lacking the model, with who and why; released, it is visited again."""
    head = await bench.promote(1, b"first")
    for name in ("node-1", "node-2"):
        await bench.report(name, head, head if name == "node-1" else None)
    isolation = Isolation("anna", "its disk is replaced", OPENED.isoformat())
    await bench.service.nodes.isolate("node-2", isolation)
    assert [node.name for node in (await bench.records.open_deliveries())[0]] == ["node-1"]
    availability = await bench.service.availability(HEX8)
    assert (availability["node-2"].state, availability["node-2"].reason) == (
        HoldingState.UNKNOWN, "isolated by anna: its disk is replaced",
    )  # fmt: skip
    await DaemonRecords(replace(bench.service, timeout=1e-6)).close_overdue()
    [failed] = await bench.said("FAILED")
    assert failed.missing == {"node-2": "isolated by anna: its disk is replaced"}
    await bench.service.nodes.release("node-2", Actor("anna"))
    assert [node.name for node in (await bench.records.open_deliveries())[0]] == ["node-1", "node-2"]
    for act in (bench.service.nodes.isolate("nobody", isolation), bench.service.nodes.release("nobody", Actor("anna"))):
        with pytest.raises(UnknownError, match="there is no node nobody"):
            await act


async def test_figures_say_who_lags_and_what_is_held(bench: Bench) -> None:
    """A node that lacks a version has a lag, one that holds all has none, and each state is counted."""
    head = await bench.promote(1, b"first")
    await bench.report("node-1", head, head)
    task = asyncio.create_task(bench.service.measure(60))
    await async_until(lambda: _shown("ringrift_distribution_holdings", "ok", 1))
    await async_until(lambda: _shown("ringrift_distribution_holdings", "unknown", 1))
    task.cancel()
    lag, delivered = "ringrift_distribution_node_lag_seconds", "ringrift_distribution_delivered_seconds_count"
    assert REGISTRY.get_sample_value(lag, {"node": "node-2"}) is not None
    assert REGISTRY.get_sample_value(lag, {"node": "node-1"}) is None
    assert REGISTRY.get_sample_value(delivered)


async def _shown(name: str, state: str, value: float) -> bool:
    return REGISTRY.get_sample_value(name, {"state": state}) == value


async def test_a_new_node_gets_its_deliveries_with_the_next_pass(bench: Bench) -> None:
    """Nobody has to ask for them."""
    await bench.promote(1, b"first")
    await bench.service.nodes.register(Node("node-3", "http://node-3"))
    await bench.records.open_deliveries()
    assert (await bench.states())[1, "node-3"] == "pending"


@pytest.mark.parametrize("state", BreakerState)
async def test_g13_a_breaker_is_remembered_whole(bench: Bench, state: BreakerState) -> None:
    """What is saved is what the next process begins with."""
    memory = BreakerMemory(state, 4, 2, OPENED, None, "connection refused", "F.F")
    await bench.records.save_breaker("node-1", BreakerMemory())
    await bench.records.save_breaker("node-1", memory)
    assert await bench.records.breakers() == {"node-1": memory}
    assert [each.node.breaker for each in await bench.service.nodes.page()] == [state, BreakerState.CLOSED]


async def test_redistribute_makes_every_node_prove_it_again(bench: Bench) -> None:
    """Nothing is left of the earlier proof, its time runs from now, and the former versions stay as they were."""
    first = await bench.promote(1, b"first")
    await bench.promote(2, b"second")
    second = await bench.promote(3, b"third")
    await bench.report("node-1", second, second)
    assert await bench.service.redistribute(Wanted(HEX8)) == (second, ["node-1", "node-2"])
    delivery = (await bench.deliveries())[3, "node-1"]
    assert (delivery.state, delivery.bytes_done, delivery.delivered_at) == (DeliveryState.PENDING, 0, None)
    assert delivery.detail == "reopened by request"
    assert [each.version for each in await bench.said("STARTED")] == [1, 2, 3, 3]
    assert (await bench.states())[first.version, "node-1"] == "superseded"


async def test_only_the_canonical_version_is_redistributed(bench: Bench) -> None:
    """Another version or digest is refused with what would be right, and nothing is said or reopened."""
    with pytest.raises(UnknownError, match="no version of hex8_2p was promoted, so there is nothing to distribute"):
        await bench.service.redistribute(Wanted(HEX8))
    await bench.promote(1, b"first")
    head = await bench.promote(2, b"second")
    await bench.report("node-1", head, head)
    for wanted in (Wanted(HEX8, 1), Wanted(HEX8, 2, "0" * 64), Wanted(HEX8, None, "0" * 64)):
        with pytest.raises(NotCanonicalError, match=f"{wanted} was asked for, and canonical is {head}; only that can"):
            await bench.service.redistribute(wanted)
    assert len(await bench.said("STARTED")) == 2
    assert (await bench.states())[2, "node-1"] == "delivered"
    assert (await bench.service.redistribute(Wanted(HEX8, 2, head.digest)))[0] == head


async def test_a_request_and_a_promotion_at_once_leave_one_head(bench: Bench) -> None:
    """Whichever comes first: the higher version is desired, and no delivery of the lower one is open."""
    for version in range(1, 12, 2):
        await bench.promote(version, f"{version}".encode())
        await asyncio.gather(
            bench.service.redistribute(Wanted(HEX8)), bench.promote(version + 1, f"{version + 1}".encode())
        )
        states = await bench.states()
        assert {key for key, state in states.items() if state in ("pending", "fetching")} == {
            (version + 1, "node-1"), (version + 1, "node-2"),
        }  # fmt: skip


async def test_f55_a_version_that_the_ledger_has_not_named_is_not_believed(bench: Bench) -> None:
    """However it is asked for, with bytes that are here, nothing moves, and the next real promotion does."""
    other = bench.take_in(b"other")
    with pytest.raises(NotKnownYetError, match="version 1 of hex8_2p is not known here yet: nothing is canonical here"):
        await bench.service.redistribute(Wanted(HEX8, 1, other.digest))
    head = await bench.promote(1, b"first")
    for digest in (None, other.digest, head.digest):
        with pytest.raises(NotKnownYetError, match=f"version 9000 of hex8_2p is not known here yet: .* {head}; the"):
            await bench.service.redistribute(Wanted(HEX8, 9000, digest))
    assert (await bench.records.open_deliveries())[1] == [head]
    assert await bench.states() == {(1, "node-1"): "pending", (1, "node-2"): "pending"}
    second = await bench.promote(2, b"second")
    assert (await bench.records.open_deliveries())[1] == [second]
    assert (await bench.states())[2, "node-1"] == "pending"


async def test_what_people_do_is_said_with_the_act(bench: Bench) -> None:
    """Who, from where, what, why; what changes nothing, and what no person does, is not said."""
    anna, head = Actor("anna", "10.0.0.7"), await bench.promote(1, b"first")
    isolation = Isolation("anna", "its disk", OPENED.isoformat())
    nodes = bench.service.nodes
    await nodes.add(Node("node-9", "http://nine"), anna)
    await nodes.add(Node("node-9", "http://nine"), anna)
    await nodes.add(Node("node-8", "http://eight"), anna, dry_run=True)
    await nodes.move(Node("node-9", "http://ten"), anna)
    await nodes.isolate("node-9", isolation, anna)
    await nodes.release("node-9", anna)
    await nodes.remove("node-9", anna, "gone for good")
    with pytest.raises(UnknownError):
        await nodes.remove("node-9", anna)
    await bench.service.redistribute(Wanted(HEX8), anna)
    said = await bench.said("ACTED")
    assert [(each.action, each.about.get("node"), each.reason) for each in said] == [
        ("register_node", "node-9", None), ("move_node", "node-9", None), ("isolate_node", "node-9", "its disk"),
        ("release_node", "node-9", None), ("remove_node", "node-9", "gone for good"), ("redeliver", None, None),
    ]  # fmt: skip
    assert {(each.actor, each.address) for each in said} == {anna}
    assert (said[-1].subject, said[-1].about) == (HEX8, {"version": 1, "digest": head.digest})
