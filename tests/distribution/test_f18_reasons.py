"""Why a node lacks a model is said until it is untrue, and not overwritten by what everybody knows."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from services.distribution.schemas import NodeRegistration
from shared.contract.words import DeliveryState
from tests.distribution.cluster import Cluster, passing
from tests.kit.fakes_distribution import head
from tests.kit.virtual_time import in_virtual_time

REFUSAL = "PUT http://node-1 answered 409: this node holds version 3 of hex8_2p; only a higher one is accepted"


@in_virtual_time
async def test_f18_a_refused_order_shows_its_reason_at_every_moment() -> None:
    """Between two orders too; DISTRIBUTION_FAILED names it, and once the node gives way nothing is left of it."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.refusal = REFUSAL
    cluster.records.timeout = 60
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(0.5)
        for _ in range(138):
            await passing(0.5)
            assert cluster.records.state("node-1") == (DeliveryState.PENDING, REFUSAL)
        [(ending, _, standing)] = cluster.records.said
        assert (ending, standing.missing) == ("failed", {"node-1": REFUSAL})
        node.refusal = ""
        await cluster.delivered("node-1", seconds=60)


@in_virtual_time
async def test_f18_a_refusal_is_of_its_version() -> None:
    """What was said to the version before is no reason for the next one."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.refusal = REFUSAL
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(5)
        node.refusal, node.hangs = "", "order"
        cluster.records.promote(head(2))
        await passing(1)
        assert cluster.records.state("node-1")[1] != REFUSAL


@in_virtual_time
async def test_f44_whatever_a_visit_fails_with_is_on_record() -> None:
    """Also what nobody foresaw; other nodes are visited as ever."""
    cluster = Cluster()
    cluster.add("node-2")
    cluster.records.register("node-1", "http://odd")

    def odd(*_: object) -> object:
        raise ValueError("Invalid port: '8780:8780'")

    cluster.nodes.by_url["http://odd"] = cluster.nodes.add("odd")
    cluster.nodes.by_url["http://odd"].answer = odd  # type: ignore[method-assign,assignment]
    cluster.records.promote(head(1))
    async with cluster.running():
        await cluster.delivered("node-2")
        assert cluster.records.state("node-1") == (
            DeliveryState.PENDING,
            "the visit failed: ValueError(\"Invalid port: '8780:8780'\")",
        )


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1:8780", "http://::1]:8780", "http://10.0.0.1:8780:8780", "http://10.0.0.1:99999", "http://10.0.0.1:0", "http://:8780",
        "http://[]:8780", "http://[gggg::1]:8780", "http://[10.0.0.1]:8780",
    ],
)  # fmt: skip
def test_f44_an_address_that_nobody_can_visit_is_refused(address: str) -> None:
    """With an address that would do."""
    with pytest.raises(ValidationError, match="is no address of an agent; give one such as"):
        NodeRegistration(name="node-1", url=address)


@pytest.mark.parametrize("address", ["http://[::1]:8780", "http://node-1.cluster:8780", "https://10.0.0.1/agent"])
def test_f44_names_numbers_and_both_families_are_addresses(address: str) -> None:
    """As they are."""
    assert NodeRegistration(name="node-1", url=address).url == address
