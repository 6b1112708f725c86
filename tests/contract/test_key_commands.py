"""`ringrift keys create`, `ls` and `revoke`, as an operator types them at a running promotion service."""

from __future__ import annotations

from tests.contract.conftest import Operator
from tests.contract.test_ledger_commands import reads, types


def test_keys_are_made_listed_and_revoked(operator: Operator) -> None:
    """The secret is shown once, the list has who and until when, and what was revoked is shown when it is asked for."""
    assert "no keys were made" in types(operator, "keys", "ls").output
    made = types(operator, "keys", "create", "anna", "--scope", "operate", "--days", "90", "--reason", "on duty")
    assert (made.exit_code, "shown this once:  ringrift_" in made.output) == (0, True), made.output
    worker = reads(operator, "keys", "create", "rig-7", "--service", "gauntlet", "--scope", "play")
    assert worker["key"].startswith(f"ringrift_{worker['id']}_")
    listed = types(operator, "keys", "ls").output
    assert ("anna" in listed, "rig-7" in listed, worker["key"] in listed) == (True, True, False)
    [one] = reads(operator, "keys", "ls", "--service", "gauntlet")["items"]
    ended = types(operator, "keys", "revoke", one["id"], "--reason", "sold")
    assert (ended.exit_code, f"rig-7 ({one['id']}) is revoked" in ended.output) == (0, True)
    assert "rig-7" not in types(operator, "keys", "ls").output
    assert "sold" in types(operator, "keys", "ls", "--revoked").output
    assert [each["action"] for each in reads(operator, "audit", "ls")["items"]] == [
        "revoke_key",
        "create_key",
        "create_key",
    ]
    unknown = types(operator, "keys", "revoke", "00000000")
    assert (unknown.exit_code, "there is no key 00000000" in unknown.stderr) == (2, True)
    assert types(operator, "keys", "create", "a b").exit_code == 2
