"""`ringrift audit`, as an operator types it at a running promotion service, and at a file that somebody changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from local.postgres import Postgres
from tests.contract.conftest import Operator
from tests.contract.test_ledger_commands import own_lines, promoted, reads, types


def changed(file: Path, number: int, **members: Any) -> Path:
    """A copy of exported rows of which one says something else."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    lines[number] |= members
    return written(file.with_name("changed.jsonl"), lines)


def written(file: Path, lines: list[Any]) -> Path:
    """A file of rows."""
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def test_the_audit_is_listed_exported_and_verified(
    operator: Operator, tmp_path: Path, postgres: Postgres, database_url: str
) -> None:
    """By whoever runs the service and by whoever has the file; what was changed is named, and is the exit code."""
    promoted(operator, b"first", b"secnd")
    assert types(operator, "rollback", "hex8_2p", "--reason", "worse").exit_code == 0
    listed = types(operator, "audit", "ls", "--limit", "3").output
    assert ("127.0.0.1" in listed, "rollback" in listed, "worse" in listed, "older ones: --before" in listed) == (
        True,
    ) * 4
    assert len(reads(operator, "audit", "ls", "--configuration", "hex8_2p")["items"]) == 7
    file, kept = tmp_path / "audit.jsonl", tmp_path / "heads.json"
    assert "7 rows are in" in types(operator, "audit", "export", "--out", str(file)).output
    shown = own_lines(types(operator, "audit", "export").stdout)
    assert "".join(f"{line}\n" for line in shown) == file.read_text()
    whole = reads(operator, "audit", "verify")
    kept.write_text(json.dumps(whole))
    assert (whole["intact"], whole["rows"], whole["heads"][0]["sequence"]) == (True, 7, 7)
    assert "7 rows are what was written" in types(operator, "audit", "verify", str(file)).output
    found = types(operator, "audit", "verify", str(changed(file, 4, actor="bob")))
    assert (found.exit_code, "row 5 of hex8_2p: what it says does not have its hash" in found.output) == (1, True)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    cut = written(tmp_path / "cut.jsonl", rows[:6])
    assert types(operator, "audit", "verify", str(cut)).exit_code == 0
    said = reads(operator, "audit", "verify", str(cut), "--heads", str(kept), code=1)
    assert [(each["kind"], each["sequence"]) for each in said["faults"]] == [("missing", 7)]
    assert types(operator, "pause", "square8_2p", "--reason", "new board").exit_code == 0
    kept.write_text(json.dumps(reads(operator, "audit", "verify")))
    of_one = ("audit", "verify", str(file), "--heads", str(kept))
    assert types(operator, *of_one, "--configuration", "hex8_2p").exit_code == 0
    [fault] = reads(operator, *of_one, code=1)["faults"]
    assert (fault["kind"], fault["configuration"]) == ("missing", "square8_2p")
    statement = (
        "set session_replication_role = replica; update promotion.audit set actor = 'bob' where action = 'rollback'"
    )
    postgres.execute(statement, database=database_url.rpartition("/")[2])
    found = types(operator, "audit", "verify")
    assert (found.exit_code, "changed: row 5 of hex8_2p" in found.output) == (1, True)
    statement = (
        "set session_replication_role = replica; update promotion.canonical_versions set version = 9 where version = 2"
    )
    postgres.execute(statement, database=database_url.rpartition("/")[2])
    assert "unrecorded: version 9 of hex8_2p" in types(operator, "audit", "verify").output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1 of"), ("[]", "is no JSON object"), ('{"actor": "a", "actor": "b"}', "a member is there twice"),
        ("[" * 100_000, "is no JSON"), ("\\udcff", "is no JSON"), (None, "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str | None, said: str) -> None:
    """It was not verified, which is another exit code than that it is not intact."""
    file = tmp_path / "audit.jsonl"
    if text is not None:
        file.write_text(text)
    done = CliRunner().invoke(app, ["audit", "verify", str(file)])
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    written(tmp_path / "empty.jsonl", [])
    done = CliRunner().invoke(app, ["audit", "verify", str(tmp_path / "empty.jsonl"), "--heads", str(file)])
    assert done.exit_code == 2
