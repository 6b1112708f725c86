"""The audit through the front door: every act has its row, and whoever changes one, with whatever rights, is found out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from local.postgres import Postgres
from services.promotion.audit_watch import AuditWatch
from shared.contract.audit_chain import hash_of
from tests.promotion.conftest import Suite
from tests.promotion.test_front_door import is_problem
from tests.promotion.test_people import HEX8, met, waiting

ANYONE = "anyone on this machine"
WHY = {"reason": "loses as second player"}


async def rows(suite: Suite, query: str = "after=0") -> list[Any]:
    """The rows that a question is answered with."""
    return list((await suite.get(f"/v1/audit?{query}"))["items"])


async def faults(suite: Suite) -> list[tuple[str, int | None]]:
    """What the service finds wrong with its audit."""
    found = await suite.get("/v1/audit/verification")
    assert found["intact"] == (found["faults"] == [])
    return [(each["kind"], each["sequence"]) for each in found["faults"]]


@pytest.fixture
def as_superuser(postgres: Postgres, database_url: str) -> Callable[[str], str]:
    """Changes what no role of the suite can: whoever owns the server switches the triggers off."""
    database = database_url.rpartition("/")[2]
    return lambda statement: postgres.execute(f"set session_replication_role = replica; {statement}", database=database)


async def test_every_act_has_its_row_with_who_and_why(suite: Suite) -> None:
    """People's acts and the moves of the pointer, each in its configuration's chain, with what they were about."""
    first = await suite.promoted(b"first")
    second = await suite.promoted(b"secnd")
    await suite.posts(f"{HEX8}/rollback", WHY)
    await suite.posts(f"{HEX8}/pin", {"reason": "the tournament"}, method="PUT")
    await suite.client.delete(f"{HEX8}/pin?reason=over")
    await suite.posts("/v1/policies/hex8_2p", {"gates": {}, **WHY}, method="PUT")
    await suite.client.delete("/v1/policies/hex8_2p?reason=back")
    await suite.asked(reason="the hotfix")
    (suite.models / "old.pth").write_bytes(b"first")
    await suite.posts("/admin/distribute-model", {"model_path": "models/old.pth"})
    await suite.posts("/v1/configurations/square8_2p/pause", WHY, method="PUT")
    found = await rows(suite)
    assert [(each["action"], each["actor"], each["reason"]) for each in found if each["action"] != "move"] == [
        ("rollback", ANYONE, WHY["reason"]), ("mark", ANYONE, f"version 2 was rolled back from: {WHY['reason']}"),
        ("pin", ANYONE, "the tournament"), ("unpin", ANYONE, "over"),
        ("set_policy", ANYONE, WHY["reason"]), ("reset_policy", ANYONE, "back"),
        ("ask", ANYONE, "the hotfix"), ("redistribute", ANYONE, None), ("pause", ANYONE, WHY["reason"]),
    ]  # fmt: skip
    moves = [(each["actor"], each["address"], each["subject"]["digest"]) for each in found if each["action"] == "move"]
    service = ("/services/promotion", None)
    assert moves == [(*service, first), (*service, second), (ANYONE, "127.0.0.1", first)]
    assert [each["sequence"] for each in found] == [*range(1, 12), 1]
    assert await rows(suite, "configuration=square8_2p") == [found[-1]]
    newest = await suite.get("/v1/audit?limit=2")
    older = await suite.get(f"/v1/audit?limit=100&before={newest['next']}")
    assert ([*newest["items"], *older["items"]], older["next"]) == (found[::-1], None)
    said = [
        (each["data"]["audit_sequence"], each["data"]["audit_hash"]) for each in await suite.events("MODEL_PROMOTED")
    ]
    assert said == [(each["sequence"], each["hash"]) for each in found if each["action"] == "move"]
    assert all(each["hash"] == hash_of(each) for each in found)


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False}])
async def test_peoples_words_have_their_rows(suite: Suite) -> None:
    """Approving in time, approving too late, rejecting: what became of it stands with it."""
    for content in (b"first", b"secnd"):
        await suite.evaluated(suite.add_model(content))
    newer, older = await waiting(suite, 2)
    for each in (older, newer):
        await suite.posts(f"/v1/decisions/{each['decision_id']}/approve", {"reason": "looks good"})
    await suite.evaluated(newer["digest"], await met(suite))
    [anew] = await waiting(suite)
    await suite.posts(f"/v1/decisions/{anew['decision_id']}/reject", WHY)
    acts = [(each["action"], each["subject"].get("state")) for each in await rows(suite)]
    assert acts == [
        ("approve", "approved"), ("move", None), ("approve", "superseded"), ("reject", "rejected"), ("mark", None),
    ]  # fmt: skip


async def test_what_is_refused_or_asked_twice_has_no_row(suite: Suite) -> None:
    """Nothing was changed by it."""
    await suite.promoted(b"first")
    (suite.models / "asked.pth").write_bytes(b"asked")
    body = {"model_path": "models/asked.pth", "board_type": "hex8", "num_players": 2}
    for _ in range(2):
        assert (
            await suite.client.post("/admin/promote", json=body, headers={"Idempotency-Key": "k"})
        ).status_code == 202
    assert (await suite.posts(f"{HEX8}/rollback", WHY, seen=9)).status_code == 412
    for _ in range(2):
        await suite.posts(f"{HEX8}/pause", WHY, method="PUT")
    assert [each["action"] for each in await rows(suite)] == ["move", "ask", "pause"]
    is_problem(await suite.client.get("/v1/audit?configuration=hex9"), 422, "invalid-configuration", "hex9")


async def test_whoever_owns_the_server_is_found_out(suite: Suite, as_superuser: Callable[[str], str]) -> None:
    """A row that a superuser changed, took out, or forged with its hash is named; so is a version that the audit does not have."""
    for content in (b"first", b"secnd", b"third"):
        await suite.promoted(content)
    await suite.posts(f"{HEX8}/pause", WHY, method="PUT")
    assert await faults(suite) == []
    pause = (await rows(suite))[-1]
    as_superuser("update promotion.audit set actor = 'bob' where sequence = 2")
    assert await faults(suite) == [("changed", 2)]
    await AuditWatch(suite.app.state.service.audit.verify).look()
    assert "ringrift_audit_faults 1.0" in (await suite.client.get("/metrics")).text
    as_superuser("update promotion.audit set actor = '/services/promotion' where sequence = 2")
    assert await faults(suite) == []
    forged = {**pause, "actor": "bob"}
    as_superuser(f"update promotion.audit set actor = 'bob', hash = '{hash_of(forged)}' where sequence = 4")
    assert await faults(suite) == []  # the last row, with its hash: only who kept the head can tell
    await suite.client.delete(f"{HEX8}/pause?reason=done")
    as_superuser(f"update promotion.audit set actor = 'eve', hash = '{hash_of({**pause, 'actor': 'eve'})}'"
                 " where sequence = 4")  # fmt: skip
    assert await faults(suite) == [("changed", 4)]
    as_superuser("delete from promotion.audit where sequence = 1")
    assert ("missing", 1) in await faults(suite)
    as_superuser("update promotion.canonical_versions set digest = (select min(digest) from"
                 " promotion.canonical_versions where version < 3) where version = 3")  # fmt: skip
    found = (await suite.get("/v1/audit/verification"))["faults"]
    unrecorded = {each["detail"] for each in found if each["kind"] == "unrecorded"}
    assert unrecorded == {
        f"version {number} of hex8_2p: the audit has no move of the pointer to these bytes" for number in (1, 3)
    }


async def test_the_database_takes_no_row_out_of_its_place(suite: Suite) -> None:
    """Whoever may append has to append the next one, after the last one."""
    await suite.promoted(b"first")
    copy = "insert into promotion.audit ({0}) select {1} from promotion.audit"
    names = "configuration, at, actor, action, subject, hash, sequence, previous"
    for sequence, previous in (("1", "null"), ("3", "hash"), ("2", "null"), ("2", f"'{'0' * 64}'")):
        values = names.replace("sequence, previous", f"{sequence}, {previous}")
        with pytest.raises(DBAPIError, match=r"does not follow row 1 of hex8_2p|first_follows_none"):
            async with suite.database.write() as tx:
                await tx.execute(text(copy.format(names, values)))
    assert (await suite.get("/v1/audit/verification"))["rows"] == 1
