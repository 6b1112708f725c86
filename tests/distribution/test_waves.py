"""Which nodes get a version when, what moves it on, and what stops it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.distribution.delivery import Head, assess
from services.distribution.distribution import Standing
from services.distribution.errors import NotCanonicalError, UnknownError
from services.distribution.node import Held, KnownNode, Node, Reloaded, Report
from services.distribution.repository import DistributionKey
from services.distribution.service import Steer
from services.distribution.service.rollouts import Health
from services.distribution.settings import DistributionSettings
from services.distribution.wave import Rollout, WavePlan, withheld
from shared.contract.audit_chain import Actor
from shared.contract.delivery import RolloutState
from shared.contract.words import BreakerState
from shared.process.settings import SettingsError, load_settings
from tests.distribution.bench import HEX8, Bench
from tests.distribution.cluster import Cluster
from tests.kit.virtual_time import in_virtual_time

NOW, DIGEST = datetime(2026, 1, 1, tzinfo=UTC), "a" * 64
HALVES = WavePlan((0.5, 1.0), soak_seconds=60)
SEVEN = DistributionKey(HEX8, 7)
WORD = Steer(Actor("anna", "10.0.0.7"), "they resign")


def node(name: str, labels: Mapping[str, str] | None = None) -> KnownNode:
    """A registered node."""
    return KnownNode(name, f"http://{name}", NOW, {}, NOW, None, BreakerState.CLOSED, labels=labels or {})


@given(
    count=st.integers(1, 60),
    canaries=st.integers(0, 5),
    shares=st.lists(st.integers(1, 99), max_size=5, unique=True),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_waves_grow_to_all_nodes(count: int, canaries: int, shares: list[int], digest: str) -> None:
    """Each wave has those of the one before, at least one and no more than its share, canaries first, and the last has all."""
    nodes = [node(f"n{each}", {"ring": "canary"} if each < canaries else {}) for each in range(count)]
    plan = WavePlan((*(share / 100 for share in sorted(shares)), 1.0), canaries=("ring", "canary"))
    waves = [plan.members(nodes, digest, wave) for wave in range(1, plan.waves + 1)]
    assert all(before <= after for before, after in pairwise(waves))
    first = {each.name for each in nodes if each.labels}
    assert waves[0] == first if first else len(waves[0]) == 1 or plan.waves == 1
    assert waves[-1] == {each.name for each in nodes}
    for share, members in zip(sorted(shares), waves[1:], strict=False):
        assert len(members) <= max(share * count / 100 + 1, len(first), 1)


def test_it_is_not_always_the_same_nodes_that_go_first() -> None:
    """The first of twenty nodes is another one for another version."""
    nodes = [node(f"n{each}") for each in range(20)]
    plan = WavePlan((0.05, 1.0))
    assert len({plan.members(nodes, f"{each:064x}", 1) for each in range(20)}) > 5


COMPLETE, LACKING = Standing(("n1",), {}), Standing(("n1",), {"n2": "fetching"})
STEPS = [
    (Rollout(), LACKING, {}, Rollout()),
    (Rollout(), COMPLETE, {}, Rollout(soaked=0.0)),
    (Rollout(soaked=59.0), COMPLETE, {}, Rollout(soaked=59.0)),
    (Rollout(soaked=60.0), COMPLETE, {}, Rollout(2)),
    (Rollout(soaked=30.0), LACKING, {}, Rollout()),
    (Rollout(soaked=90.0), COMPLETE, {"n1": "no"}, Rollout(1, RolloutState.PAUSED, "n1: no")),
    (Rollout(2), COMPLETE, {"n1": "no"}, Rollout(2)),
    (Rollout().paused("x", "anna"), COMPLETE, {}, Rollout(1, RolloutState.PAUSED, "x", "anna")),
    (Rollout(soaked=70.0).aborted("x", "anna"), COMPLETE, {}, Rollout(1, RolloutState.ABORTED, "x", "anna")),
    (
        Rollout().paused("x", "anna").resumed("y", "bob"),
        COMPLETE,
        {},
        Rollout(1, RolloutState.RUNNING, "y", "bob", 0.0),
    ),
    (
        Rollout().paused("x", "anna").advanced(HALVES, "y", "bob"),
        LACKING,
        {},
        Rollout(2, RolloutState.RUNNING, "y", "bob"),
    ),
]


@pytest.mark.parametrize(("before", "standing", "faults", "after"), STEPS)
def test_what_moves_waves_on(before: Rollout, standing: Standing, faults: dict[str, str], after: Rollout) -> None:
    """Every node of the wave has it, and has for the soak time; a fault pauses; a person's word holds until the next one."""
    assert before.seen(HALVES, standing, faults) == after


def test_whoever_may_not_have_it_is_told_why() -> None:
    """The wave that it waits for, or the state with its reason."""
    nodes = [node("n1", {"a": "b"}), node("n2")]
    plan = WavePlan((1.0,), canaries=("a", "b"))
    assert withheld(Rollout(), plan, nodes, DIGEST) == {"n2": "waits for wave 2 of 2"}
    assert withheld(Rollout(2), plan, nodes, DIGEST) == {}
    assert withheld(Rollout(2).paused("no", "anna"), plan, nodes, DIGEST) == dict.fromkeys(("n1", "n2"), "paused: no")


def test_shares_are_read_as_people_write_them() -> None:
    """In percent, ascending to all; anything else ends the start, with what would be right."""
    base = {"RINGRIFT_DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1/db"}
    given = base | {"RINGRIFT_WAVES": "5%, 25,100", "RINGRIFT_WAVE_CANARIES": "ring=canary"}
    plan = load_settings(DistributionSettings, given).wave_plan
    assert (plan.shares, plan.canaries, plan.waves) == ((0.05, 0.25, 1.0), ("ring", "canary"), 4)
    for wrong in ("5,25", "25,5,100", "0,100", "a,100", "5,5,100", "nan,100", ",", "-5,100"):
        with pytest.raises(SettingsError, match=r"RINGRIFT_WAVES: .*such as 5,25,100"):
            load_settings(DistributionSettings, base | {"RINGRIFT_WAVES": wrong})


@pytest.fixture
def wave_plan() -> WavePlan:
    """A canary first, then both nodes."""
    return WavePlan((1.0,), soak_seconds=0.0, canaries=("ring", "canary"))


async def visited(bench: Bench, name: str, head: Head, holds: bool, error: str | None = None) -> None:
    """A visit to node-1, the canary, or to node-2."""
    reloads = {HEX8: Reloaded(head.version, head.digest, 1.0, error)} if error else {}
    models = {HEX8: Held(head.version, head.digest, head.size)} if holds else {}
    labels = {"ring": "canary"} if name == "node-1" else {}
    report = Report(name, models, labels=labels, reloads=reloads)
    await bench.records.record_report(name, report, [assess(head, report)])


async def withheld_now(bench: Bench) -> Mapping[str, Mapping[str, str]]:
    """Who may not be ordered what."""
    return (await bench.records.open_deliveries()).withheld


async def test_the_canaries_go_first_and_the_others_follow(bench: Bench) -> None:
    """The other node is ordered nothing before the canary holds it; each step is said, and the time is that of the wave."""
    head = await bench.promote(7, b"first")
    await visited(bench, "node-1", head, holds=False)
    assert await withheld_now(bench) == {HEX8: {"node-2": "waits for wave 2 of 2"}}
    await visited(bench, "node-1", head, holds=True)
    assert await withheld_now(bench) == {}
    [progress] = await bench.said("PROGRESS")
    assert (progress.state, progress.wave, progress.waves, progress.nodes) == ("running", 2, 2, ["node-1", "node-2"])
    await visited(bench, "node-2", head, holds=True)
    assert [each.nodes for each in await bench.said("COMPLETED")] == [["node-1", "node-2"]]


async def test_a_node_that_cannot_be_reached_holds_up_no_wave(bench: Bench) -> None:
    """Of two canaries one is away: the others go on when the one that answers holds it."""
    await bench.service.nodes.register(Node("node-3", "http://node-3"))
    head = await bench.promote(7, b"first")
    report = Report("node-3", labels={"ring": "canary"})
    await bench.records.record_report("node-3", report, [assess(head, report)])
    await visited(bench, "node-1", head, holds=True)
    assert await withheld_now(bench) == {HEX8: {"node-2": "waits for wave 2 of 2"}}
    await bench.records.record_unreached("node-3", "away")
    await bench.records.close_overdue()
    assert await withheld_now(bench) == {}


async def test_a_version_that_cannot_be_reloaded_goes_no_further(bench: Bench) -> None:
    """The waves are paused with the node and its words, until somebody resumes; then it is looked at anew."""
    head = await bench.promote(7, b"first")
    await visited(bench, "node-1", head, holds=True, error="exit code 3")
    reason = "paused: node-1: the reload failed: exit code 3"
    assert await withheld_now(bench) == {HEX8: dict.fromkeys(("node-1", "node-2"), reason)}
    [progress] = await bench.said("PROGRESS")
    assert (progress.state, progress.changed_by) == ("paused", None)
    await visited(bench, "node-1", head, holds=True)
    assert await withheld_now(bench) != {}
    await bench.service.rollouts.resume(SEVEN, WORD)
    await bench.records.close_overdue()
    assert await withheld_now(bench) == {}


async def test_people_pause_resume_abort_and_advance(bench: Bench) -> None:
    """Each act is said with whose word it was; what is paused or aborted is not late."""
    rollouts = bench.service.rollouts
    await bench.promote(7, b"first")
    for act in (rollouts.pause, rollouts.abort, rollouts.resume, rollouts.advance):
        await act(SEVEN, WORD)
    said = [(each.state, each.wave, each.changed_by) for each in await bench.said("PROGRESS")]
    assert said == [("paused", 1, "anna"), ("aborted", 1, "anna"), ("running", 1, "anna"), ("running", 2, "anna")]
    acted = [
        (each.action.partition("_")[0], each.actor, each.address, each.reason) for each in await bench.said("ACTED")
    ]
    assert acted == [(verb, *WORD.by, WORD.reason) for verb in ("pause", "abort", "resume", "advance")]
    detail = await rollouts.show(SEVEN)
    assert (str(detail.known.key), detail.known.rollout.reason, detail.waves) == ("hex8_2p:7", "they resign", 2)


async def test_only_what_is_canonical_and_under_way_is_steered(bench: Bench) -> None:
    """A version that was overtaken, one that every node holds, and one that never was are refused with what is so."""
    rollouts = bench.service.rollouts
    await bench.promote(6, b"sixth")
    head = await bench.promote(7, b"first")
    with pytest.raises(NotCanonicalError, match="hex8_2p:6 is over: version 7 is canonical"):
        await rollouts.pause(DistributionKey(HEX8, 6), WORD)
    with pytest.raises(UnknownError, match="no distribution hex8_2p:9"):
        await rollouts.pause(DistributionKey(HEX8, 9), WORD)
    for name in ("node-1", "node-2"):
        await visited(bench, name, head, holds=True)
    with pytest.raises(NotCanonicalError, match="every node holds it"):
        await rollouts.abort(SEVEN, WORD)
    assert [str(each.key) for each in await rollouts.page(None, None, 1)] == ["hex8_2p:7"]
    assert [str(each.key) for each in await rollouts.page(HEX8, SEVEN, 9)] == ["hex8_2p:6"]


class TestRollback:
    """The service wants what is wrong to be rolled back; it moves nothing by itself."""

    @pytest.fixture
    def wave_plan(self) -> WavePlan:
        """A canary first."""
        return WavePlan((1.0,), canaries=("ring", "canary"), rolls_back=True)

    async def test_what_is_wrong_is_said_once_with_what_is_wanted(self, bench: Bench) -> None:
        """With the reason, and paused meanwhile; a person's pause wants nothing."""
        head = await bench.promote(7, b"first")
        await bench.service.rollouts.pause(SEVEN, WORD)
        await bench.records.close_overdue()
        assert await bench.said("FAILED") == []
        await bench.service.rollouts.resume(SEVEN, WORD)
        await visited(bench, "node-1", head, holds=True, error="exit code 3")
        for _ in range(3):
            await bench.records.close_overdue()
        [failed] = await bench.said("FAILED")
        assert (failed.wanted, failed.reason) == ("rollback", "node-1: the reload failed: exit code 3")
        assert (failed.version, failed.digest, failed.summary) == (7, head.digest, failed.reason)
        assert set((await withheld_now(bench))[HEX8]) == {"node-1", "node-2"}


class TestHealth:
    """Somebody else watches what plays."""

    answers: tuple[str | None, ...] = ("500", None, "500", "500", "500")

    @pytest.fixture
    def health(self) -> Health:
        """Bad, well, and then bad for longer."""
        answers = iter(self.answers)

        async def answer() -> str | None:
            return next(answers, None)

        return answer

    async def test_three_bad_answers_in_a_row_pause_the_waves(self, bench: Bench) -> None:
        """One is no reason, and one that is well begins the count anew."""
        head = await bench.promote(7, b"first")
        await visited(bench, "node-1", head, holds=False)
        for _ in self.answers:
            assert (await withheld_now(bench))[HEX8] == {"node-2": "waits for wave 2 of 2"}
            await bench.records.close_overdue()
        assert (await withheld_now(bench))[HEX8]["node-2"] == "paused: health: 500"


@in_virtual_time
async def test_the_daemon_orders_nothing_that_is_withheld() -> None:
    """The node is visited and keeps what it has; as soon as it may have the version, it is ordered."""
    cluster = Cluster()
    fakes = {name: cluster.add(name) for name in ("node-1", "node-2")}
    cluster.records.withheld = {HEX8: {"node-2": "waits for wave 2 of 2"}}
    cluster.records.promote(Head(HEX8, 7, DIGEST, 5))
    async with cluster.running():
        await cluster.delivered("node-1")
        await cluster.until(lambda: cluster.records.state("node-2")[1] == "waits for wave 2 of 2")
        assert fakes["node-2"].orders == []
        cluster.records.withheld = {}
        await cluster.delivered("node-2")
