"""After the ledger was restored from a backup, candidates meet what is canonical in it, and nothing that it has forgotten."""

from __future__ import annotations

from uuid import uuid4

from services.gauntlet import repository
from shared.contract.events.promotion import LedgerRestored, ModelPromoted, RestoredHead
from tests.gauntlet.trial import Trial

KEY = "hex8_2p"


def digest(name: str) -> str:
    """Of a model, by a letter."""
    return name * 64


async def canonical(trial: Trial, key: str = KEY) -> tuple[int, str] | None:
    """What a candidate would meet now."""
    async with trial.database.read() as tx:
        found = await repository.canonical(tx, key)
    return (found.version, found.digest) if found else None


async def promoted(trial: Trial, version: int, name: str, epoch: int) -> None:
    """MODEL_PROMOTED arrives."""
    data = ModelPromoted(
        board_type="hex8", num_players=2, version=version, digest=digest(name), size=5, decision_id=uuid4(),
        kind="automatic", epoch=epoch,
    )  # fmt: skip
    async with trial.database.write() as tx:
        await trial.service.after_promotion(tx, data)


async def restored(trial: Trial, epoch: int, **heads: int) -> None:
    """LEDGER_RESTORED arrives: these versions of `a` are canonical."""
    told = [RestoredHead(configuration=key, version=each, digest=digest("a"), size=5) for key, each in heads.items()]
    async with trial.database.write() as tx:
        await trial.service.after_restore(tx, LedgerRestored(epoch=epoch, heads=told, reason="a test"))


async def test_f57_what_the_ledger_has_forgotten_is_not_met(trial: Trial) -> None:
    """Else every candidate's evidence would be stale, until the ledger has come as far as it was."""
    for version in (1, 2, 3):
        await promoted(trial, version, "a", 0)
    await restored(trial, 7, hex8_2p=1)
    assert await canonical(trial) == (1, digest("a"))
    await promoted(trial, 2, "b", 7)
    await restored(trial, 7, hex8_2p=1)
    await promoted(trial, 2, "a", 0)
    assert await canonical(trial) == (2, digest("b"))


async def test_f57_other_bytes_under_the_same_version_are_met(trial: Trial) -> None:
    """The event of the new epoch may come before the word that it has begun."""
    for version in (1, 2):
        await promoted(trial, version, "a", 0)
    await promoted(trial, 2, "b", 7)
    await restored(trial, 7, hex8_2p=1)
    assert await canonical(trial) == (2, digest("b"))


async def test_f57_a_configuration_that_the_ledger_does_not_have_has_nothing_to_meet(trial: Trial) -> None:
    """Also where it has no version of anything."""
    await promoted(trial, 1, "a", 0)
    await restored(trial, 7, square8_2p=4)
    assert (await canonical(trial), await canonical(trial, "square8_2p")) == (None, (4, digest("a")))
    await restored(trial, 8)
    assert await canonical(trial, "square8_2p") is None
