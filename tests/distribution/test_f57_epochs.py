"""A ledger that was restored from a backup: what only went upwards follows it again, in its new epoch. Without servers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from services.distribution.agent.schemas import ModelOrder
from services.distribution.agent.store import ModelStore, VersionRefusedError
from services.distribution.delivery import Head
from services.distribution.errors import UnknownError
from services.distribution.ledger import Claim, LedgerHeads, Reference
from shared.storage.files import digest_of
from tests.distribution.bench import HEX8, Bench

EPOCH = 1_700_000_000


def published(store: ModelStore, version: int, content: bytes, epoch: int = 0) -> str:
    """A node holds these bytes under a version; returns their digest."""
    store.path(HEX8).parent.parent.joinpath("fresh").write_bytes(content)
    digest = digest_of(store.path(HEX8).parent.parent / "fresh")
    part = store.part(HEX8, digest)
    part.write(content)
    store.publish(HEX8, version, digest, part, epoch)
    return digest


def test_f57_a_node_goes_by_epoch_and_version(tmp_path: Path) -> None:
    """A lower version of a later epoch is taken; from then on no version of the one before is, however high, nor an old order."""
    store = ModelStore(tmp_path)
    published(store, 3, b"third")
    first = published(store, 1, b"first", EPOCH)
    assert store.models()[HEX8] == (1, first, 5, EPOCH)
    for version, epoch in ((4, 0), (9000, EPOCH - 1), (1, 0)):
        with pytest.raises(VersionRefusedError, match="only a higher one"):
            store.admit(HEX8, version, "f" * 64, epoch)
    published(store, 2, b"other", EPOCH)
    assert ModelStore(tmp_path).models()[HEX8].version == 2


def test_f57_bytes_that_are_there_are_not_fetched_for_an_epoch(tmp_path: Path) -> None:
    """A node that holds what the restored ledger names takes the epoch at once, and with it its place."""
    store = ModelStore(tmp_path)
    first = published(store, 1, b"first")
    assert store.admit(HEX8, 1, first, EPOCH)
    assert store.models()[HEX8].epoch == EPOCH


def test_f57_what_was_written_before_there_were_epochs_is_of_the_first(tmp_path: Path) -> None:
    """A node's memory and an order without one."""
    store = ModelStore(tmp_path)
    digest = published(store, 3, b"third")
    (tmp_path / "state" / f"{HEX8}.json").write_text(json.dumps({"version": 3, "digest": digest}))
    assert store.models()[HEX8] == (3, digest, 5, 0)
    order = ModelOrder(version=3, digest=digest, size=5, source="http://here")
    assert (order.epoch, "epoch" in order.model_dump_json(exclude_defaults=True)) == (0, False)


async def test_f57_a_later_epoch_counts_whatever_the_version(bench: Bench) -> None:
    """What is desired goes back to what the restored ledger names, and on from there, and what a dead ledger says late is late."""
    first = await bench.promote(1, b"first")
    await bench.promote(2, b"second")
    third = await bench.promote(3, b"third")
    await bench.report("node-1", third, third)
    await bench.restored(EPOCH, first)
    await bench.restored(EPOCH, first)
    assert (await bench.records.open_deliveries())[1] == [replace(first, epoch=EPOCH)]
    assert {key: state for key, state in (await bench.states()).items() if key[0] > 1} == {}
    await bench.promote(4, b"fourth")
    second = await bench.promote(2, b"other", EPOCH)
    assert (await bench.records.open_deliveries())[1] == [second]
    await bench.report("node-1", second, second)
    assert (await bench.deliveries())[2, "node-1"].digest == second.digest
    assert (await bench.states())[2, "node-1"] == "delivered"


async def test_f57_a_node_that_holds_the_version_of_another_epoch_is_told_anew(bench: Bench) -> None:
    """Until then it would take the versions of the ledger before for higher ones."""
    first = await bench.promote(1, b"first")
    await bench.report("node-1", first, first)
    await bench.restored(EPOCH, first)
    anew = replace(first, epoch=EPOCH)
    await bench.report("node-1", anew, first)
    assert (await bench.states())[1, "node-1"] == "pending"
    await bench.report("node-1", anew, anew)
    assert (await bench.states())[1, "node-1"] == "delivered"


async def test_f57_what_the_restored_ledger_does_not_have_is_desired_no_more(bench: Bench) -> None:
    """Its first version was promoted after the backup was made; an epoch that comes late takes nothing away."""
    await bench.promote(1, b"first")
    await bench.restored(EPOCH)
    assert (await bench.records.open_deliveries())[1] == []
    assert await bench.states() == {}
    with pytest.raises(UnknownError):
        await bench.service.availability(HEX8)
    first = await bench.promote(1, b"other", EPOCH)
    await bench.restored(EPOCH)
    await bench.restored(EPOCH - 1)
    assert (await bench.records.open_deliveries())[1] == [first]


async def test_f57_who_is_ahead_of_the_ledger_is_found(bench: Bench) -> None:
    """By a higher version, by a configuration that it does not have, by a later epoch; of an earlier epoch nobody is."""
    first = await bench.promote(1, b"first")
    third = replace(first, version=3)
    await bench.report("node-1", first, third)
    await bench.report("node-2", first, first)

    async def beyond(ledger: LedgerHeads) -> list[Claim]:
        return list((await bench.service.beside(ledger)).beyond)

    ledger = {HEX8: Reference(1, first.digest)}
    ahead = Claim("node-1", HEX8, 0, 3)
    assert await beyond(LedgerHeads(0, ledger)) == [ahead]
    assert await beyond(LedgerHeads(0, {"square8_2p": Reference(9, "a" * 64)})) == [ahead, Claim("node-2", HEX8, 0, 1)]
    assert await beyond(LedgerHeads(0, {HEX8: Reference(3, first.digest)})) == []
    assert await beyond(LedgerHeads(EPOCH, ledger)) == []
    later = Head(HEX8, 1, first.digest, 5, EPOCH)
    await bench.report("node-2", first, later)
    assert await beyond(LedgerHeads(0, ledger)) == [ahead, Claim("node-2", HEX8, EPOCH, 1)]
    found = await bench.service.beside(LedgerHeads(0, ledger))
    assert (found.heads, found.nodes) == ([first], 2)
