"""Agents that register themselves: new, moved, made anew, renamed, doubled, copied, deleted; and what that costs at rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from services.distribution.agent.settings import AgentSettings
from services.distribution.delivery import assess
from services.distribution.errors import NodeDeletedError, NodeDoubledError, TooManyNodesError
from services.distribution.joining import Admission, Confirmed, DoubledError, Joining, admit
from services.distribution.node import Held, KnownNode, Node, Reloaded, Report
from shared.contract.words import MOST_NODES, BreakerState
from tests.distribution.bench import HEX8, NODES, Bench
from tests.distribution.conftest import Stage
from tests.kit.http_client import HTTP
from tests.kit.waiting import until

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ONE, TWO = "1" * 32, "2" * 32
URL, ELSEWHERE = "http://node-9", "http://elsewhere"
AGENT = Joining("node-9", URL, ONE)
KNOWN = KnownNode("node-9", URL, NOW, {}, NOW, None, BreakerState.CLOSED, age_seconds=5.0, instance=ONE)
AWAY, SILENT = replace(KNOWN, unreached="away"), replace(KNOWN, age_seconds=601.0)
OTHER = replace(KNOWN, name="node-8", url=ELSEWHERE)
SILENCE = 600.0


@pytest.mark.parametrize(
    ("joining", "named", "same", "found"),
    [
        (AGENT, None, None, Admission.JOINED),
        (AGENT, KNOWN, KNOWN, Admission.KNOWN),
        (AGENT, replace(KNOWN, instance=None), None, Admission.KNOWN),
        (replace(AGENT, url=ELSEWHERE), KNOWN, KNOWN, Admission.MOVED),
        (replace(AGENT, instance=TWO), KNOWN, None, Admission.REPLACED),
        (replace(AGENT, instance=TWO, url=ELSEWHERE), AWAY, None, Admission.REPLACED),
        (replace(AGENT, instance=TWO, url=ELSEWHERE), SILENT, None, Admission.REPLACED),
        (AGENT, None, replace(OTHER, url=URL), Admission.RENAMED),
        (AGENT, None, replace(OTHER, unreached="away"), Admission.RENAMED),
    ],
)
def test_what_an_agent_is_found_to_be(
    joining: Joining, named: KnownNode | None, same: KnownNode | None, found: Admission
) -> None:
    """By the node of its name, the one of its instance id, and whether these answer elsewhere."""
    assert admit(joining, named, same, SILENCE) is found


@pytest.mark.parametrize(
    ("joining", "named", "same", "text"),
    [
        (replace(AGENT, instance=TWO, url=ELSEWHERE), KNOWN, None, f"node-9 is a node that answers at {URL}; give"),
        (replace(AGENT, url=ELSEWHERE), replace(KNOWN, instance=None), None, "give this one another name"),
        (AGENT, None, OTHER, f"is that of node-8, which answers at {ELSEWHERE}: is this a copy of its disk?"),
        (AGENT, KNOWN, OTHER, "is this a copy"),
    ],
)
def test_two_agents_are_never_taken_for_one(
    joining: Joining, named: KnownNode | None, same: KnownNode | None, text: str
) -> None:
    """Whoever comes second is refused as long as the first one answers, and told where that is."""
    with pytest.raises(DoubledError, match=text.replace("?", r"\?")):
        admit(joining, named, same, SILENCE)


async def test_a_node_that_joins_gets_the_models(bench: Bench) -> None:
    """It is registered, its deliveries are opened with the next pass, and joining again changes nothing."""
    await bench.promote(1, b"first")
    assert await bench.service.nodes.join(AGENT) is Admission.JOINED
    await bench.records.open_deliveries()
    assert (await bench.states())[1, "node-9"] == "pending"
    assert await bench.service.nodes.join(AGENT) is Admission.KNOWN


async def test_f52_joining_again_touches_no_row(bench: Bench) -> None:
    """Not even the database is asked, until what was found has grown old or somebody changed the node."""
    times = iter([0.0, 1.0, 2.0, 400.0, 400.0, 400.0, 401.0, 401.0])
    nodes = replace(bench.service.nodes, confirmed=Confirmed(lambda: next(times), seconds=300))
    await nodes.join(AGENT)
    async with bench.service.database.write() as tx:
        await tx.execute(text("update distribution.nodes set url = 'http://by-hand' where name = 'node-9'"))
    assert await nodes.join(AGENT) is Admission.KNOWN
    assert await nodes.join(AGENT) is Admission.KNOWN
    assert await nodes.join(AGENT) is Admission.MOVED
    await nodes.move(Node("node-9", ELSEWHERE))
    assert await nodes.join(AGENT) is Admission.MOVED


async def test_a_node_made_anew_is_not_said_to_hold_what_the_former_did(bench: Bench) -> None:
    """Same name, other disk: what was reported is forgotten until the new one is visited."""
    head = await bench.promote(1, b"first")
    await bench.service.nodes.join(AGENT)
    report = Report("node-9", {HEX8: Held(1, head.digest, head.size)}, instance=ONE)
    await bench.records.record_report("node-9", report, [])
    assert await bench.service.nodes.join(replace(AGENT, instance=TWO)) is Admission.REPLACED
    [node] = [each for each in await bench.service.nodes.page() if each.node.name == "node-9"]
    assert (node.node.instance, node.node.reported_at, node.holds[HEX8].state) == (TWO, None, "unknown")


async def test_a_renamed_node_is_one_node(bench: Bench) -> None:
    """The former name is gone with its deliveries, and could come back."""
    await bench.service.nodes.join(AGENT)
    assert await bench.service.nodes.join(replace(AGENT, name="node-7")) is Admission.RENAMED
    assert [each.node.name for each in await bench.service.nodes.page()] == ["node-1", "node-2", "node-7"]
    assert await bench.service.nodes.join(replace(AGENT, instance=TWO, url=ELSEWHERE)) is Admission.JOINED


async def test_a_rival_is_shown_on_the_node(bench: Bench) -> None:
    """The first one keeps the name, and whoever looks at it sees that there are two."""
    await bench.service.nodes.join(AGENT)
    await bench.records.record_report("node-9", Report("node-9", instance=ONE), [])
    with pytest.raises(NodeDoubledError, match=f"answers at {URL}"):
        await bench.service.nodes.join(Joining("node-9", ELSEWHERE, TWO))
    [node] = [each.node for each in await bench.service.nodes.page() if each.node.name == "node-9"]
    assert (node.url, node.instance, node.rival) == (URL, ONE, f"instance {TWO} at {ELSEWHERE}")


async def test_f38_a_deleted_node_comes_back_only_by_hand(bench: Bench) -> None:
    """Neither joining nor the list that is read at each start brings it back; POST does."""
    await bench.service.nodes.join(AGENT)
    await bench.service.nodes.remove("node-9")
    await bench.service.nodes.remove("node-2")
    with pytest.raises(NodeDeletedError, match="node-9 was deleted; POST /v1/nodes registers it again"):
        await bench.service.nodes.join(AGENT)
    await bench.service.nodes.register(*NODES)
    assert [each.node.name for each in await bench.service.nodes.page()] == ["node-1"]
    await bench.service.nodes.add(Node("node-9", URL))
    assert await bench.service.nodes.join(AGENT) is Admission.KNOWN


async def test_f59_no_more_nodes_join_than_an_event_can_name(bench: Bench) -> None:
    """One more is refused, and nothing is left of it."""
    await bench.service.nodes.register(*(Node(f"n-{number}", URL) for number in range(MOST_NODES - len(NODES))))
    with pytest.raises(TooManyNodesError):
        await bench.service.nodes.join(AGENT)
    assert len(await bench.service.nodes.page()) == MOST_NODES


@pytest.mark.parametrize(
    ("ahead", "said"), [(0, None), (29, None), (-29, None), (100, 105), (101, 105), (-3600, -3600), (31, 30)]
)
def test_a_wrong_clock_is_told_apart(ahead: int, said: int | None) -> None:
    """Little is not worth a word; much is said in steps, so that a visit later says the same."""
    assert Report("n", clock=NOW + timedelta(seconds=ahead)).clock_skew(NOW) == said
    assert Report("n").clock_skew(NOW) is None


JOINS = {"JOIN_TOKEN": "a-token-that-many-share", "AGENT_JOIN_SECONDS": "1"}


def test_agents_join_by_themselves(stage: Stage) -> None:
    """One joins and gets the model; another with its name is refused and says why; deleted, it stays away until it is wanted."""
    told = stage.folder / "told"
    hook = f"sh -c 'cp $MODEL_PATH {told}'"
    stage.make_agent("node-1", {**JOINS, "AGENT_RELOAD_COMMAND": hook, "AGENT_CONFIGURATIONS": HEX8})
    stage.start_agent("node-1")
    event = stage.promote(1, b"first")
    stage.delivered(event.data.digest, "node-1")  # type: ignore[attr-defined]
    [node] = stage.get("/v1/nodes")["items"]
    assert (node["url"], node["holds"]["hex8_2p"]["state"]) == (stage.urls["node-1"], "ok")
    assert node["instance"] == (stage.folder / "node-1" / "instance").read_text()
    until(lambda: stage.nodes()["node-1"]["played_at"])
    assert told.read_bytes() == b"first"
    order = {"version": 1, "digest": "0" * 64, "size": 1, "source": f"{stage.url}/v1/artifacts/{'0' * 64}"}
    refused = HTTP.put(f"{stage.urls['node-1']}/v1/models/square8_2p", json=order)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ringrift:problem:not-played")
    stage.make_agent("double", {**JOINS, "AGENT_NODE": "node-1"})
    stage.start_agent("double")
    until(lambda: f"answers at {node['url']}" in stage.agents["double"].log_since_start())
    assert stage.urls["double"] in stage.get("/v1/nodes")["items"][0]["rival"]
    stage.agents["double"].kill()
    HTTP.delete(f"{stage.url}/v1/nodes/node-1").raise_for_status()
    until(lambda: "node-1 was deleted" in stage.agents["node-1"].log_since_start())
    assert stage.get("/v1/nodes")["items"] == []
    stage.register("node-1", stage.urls["node-1"])
    until(lambda: '"event": "join works again"' in stage.agents["node-1"].log_since_start())


async def test_a_node_holds_only_what_it_plays(bench: Bench) -> None:
    """No delivery is opened for another configuration, nobody waits for it, nobody says that it lacks it; then it wants it."""
    for name in ("node-1", "node-2"):
        await bench.service.nodes.remove(name)
    await bench.service.nodes.join(replace(AGENT, plays=["square8_2p"], labels={"rack": "b4"}))
    await bench.service.nodes.join(Joining("node-8", ELSEWHERE, TWO))
    head = await bench.promote(1, b"first")
    assert await bench.states() == {(1, "node-8"): "pending"}
    assert [each.nodes for each in await bench.said("STARTED")] == [["node-8"]]
    await bench.report("node-8", head, head)
    assert [each.nodes for each in await bench.said("COMPLETED")] == [["node-8"]]
    [_, other] = await bench.service.nodes.page()
    assert (other.node.plays, other.node.labels, other.holds) == (["square8_2p"], {"rack": "b4"}, {})
    assert list(await bench.service.availability(HEX8)) == ["node-8"]
    await bench.records.record_report("node-9", Report("node-9", instance=ONE, plays=[HEX8]), [])
    await bench.records.open_deliveries()
    assert (await bench.states())[1, "node-9"] == "pending"


async def test_what_is_played_with_is_known(bench: Bench) -> None:
    """On disk is not played with: that is said by the node, with the reason if it failed, and its time is kept."""
    head = await bench.promote(1, b"first")
    held = {HEX8: Held(1, head.digest, head.size)}
    for error, played in (("busy", False), (None, True)):
        report = Report("node-1", held, reloads={HEX8: Reloaded(1, head.digest, 0.5, error)})
        await bench.records.record_report("node-1", report, [assess(head, report)])
        shown = (await bench.service.nodes.page())[0].holds[HEX8]
        assert (shown.state, shown.played, shown.reload_error) == ("ok", played, error)
        delivery = (await bench.deliveries())[1, "node-1"]
        assert (delivery.is_delivered, delivery.played_at is not None) == (True, played)
    again = (await bench.deliveries())[1, "node-1"]
    await bench.records.record_report("node-1", report, [assess(head, report)])
    assert (await bench.deliveries())[1, "node-1"] == again
    former = Report("node-1", held, reloads={HEX8: Reloaded(1, "0" * 64, 0.5)})
    assert not assess(head, former).played


@pytest.mark.parametrize(
    ("host", "given", "own"),
    [
        ("127.0.0.2", None, "http://127.0.0.2:8780"),
        ("::1", None, "http://[::1]:8780"),
        ("0.0.0.0", None, None),
        ("::", None, None),
        ("0.0.0.0", "https://node-9.example/agent", "https://node-9.example/agent"),
    ],
)
def test_an_agent_says_where_it_is_if_it_knows(host: str, given: str | None, own: str | None) -> None:
    """Several agents of one machine ask from the same address; one that listens on all does not know which one others see."""
    assert AgentSettings(agent_node="node-9", host=host, agent_url=given).own_url == own
