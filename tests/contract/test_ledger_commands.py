"""The commands that look at the ledger and steer it, as an operator types them at a running promotion service."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.contract.conftest import HEX8, Operator
from tests.kit.http_client import HTTP
from tests.kit.waiting import until

PROMOTE = ("promote", "--board-type", "hex8", "--num-players", "2", "--model")
UNKNOWN = "00000000-0000-0000-0000-000000000000"


def types(operator: Operator, *words: str, typed: str = "") -> Result:
    """What comes of a command line."""
    environment = {key: value for key, value in operator.environment.items() if key.startswith("RINGRIFT_")}
    return CliRunner().invoke(app, words, input=typed, env=environment)


def reads(operator: Operator, *words: str, code: int = 0) -> Any:
    """What a command tells programs."""
    done = types(operator, *words, "--json")
    assert done.exit_code == code, done.output
    return json.loads(own_lines(done.stdout)[-1])


def own_lines(text: str) -> list[str]:
    """A command's own lines: the service runs in this process too, and logs to the same place."""
    return [line for line in text.splitlines() if re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[", line) is None]


def promoted(operator: Operator, *contents: bytes) -> None:
    """Models become canonical one after the other."""
    for content in contents:
        operator.has("my_model.pth", content)
        done = types(operator, *PROMOTE, "models/my_model.pth")
        assert done.exit_code == 0, done.output


def waits(operator: Operator, content: bytes) -> str:
    """A model passes and waits for a person, because promotion is pinned; returns the decision's id."""
    operator.has("other.pth", content)
    body = {"model_path": "models/other.pth", "board_type": "hex8", "num_players": 2}
    with operator.gauntlet.playing():
        request = HTTP.post(f"{operator.url}/admin/promote", json=body).json()
        assert types(operator, "pin", "hex8_2p", "--reason", "the tournament").exit_code == 0
    until(lambda: operator.get(f"/v1/promotion-requests/{request['id']}")["state"] != "open", 60)
    assert types(operator, "unpin", "hex8_2p").exit_code == 0
    [one] = reads(operator, "decisions", "--awaiting")["items"]
    return str(one["decision_id"])


def test_rollback_and_history(operator: Operator) -> None:
    """Back to the version before as a higher one, which the history shows with who and why; a refusal has a code of its own."""
    promoted(operator, b"first", b"secnd")
    stale = types(operator, "rollback", "hex8_2p", "--reason", "worse", "--seen", "1")
    assert (stale.exit_code, "canonical is version 2" in stale.stderr) == (1, True)
    done = types(operator, "rollback", "hex8_2p", "--reason", "worse", "--seen", "2")
    assert (done.exit_code, "hex8_2p is now canonical version 3" in done.output) == (0, True)
    shown = types(operator, "history", "hex8_2p").output
    assert ("rollback" in shown, "worse" in shown) == (True, True)
    page = reads(operator, "history", "hex8_2p", "--limit", "1")
    assert (page["items"][0]["version"], page["next"]) == (3, 3)
    afterwards = datetime.fromisoformat(page["items"][0]["promoted_at"]) + timedelta(seconds=1)
    then = reads(operator, "history", "hex8_2p", "--at", afterwards.strftime("%Y-%m-%dT%H:%M:%S%z"))
    assert then["items"][0]["version"] == 3
    assert types(operator, "history", "hex8_2p", "--at", "2020-01-01").exit_code == 2
    assert types(operator, "history", "../status").exit_code == 2
    assert "no canonical version yet" in types(operator, "history", "square8_2p").output
    assert types(operator, "rollback", "square8_2p", "--reason", "x").exit_code == 2


def test_f21_approve_and_reject(operator: Operator) -> None:
    """What waits is listed, shown with every reason, and promoted or refused by a person's word."""
    promoted(operator, b"first")
    decision = waits(operator, b"third")
    shown = types(operator, "decisions", decision).output
    assert ("awaiting: pinned" in shown, "is pinned to version 1" in shown) == (True, True)
    assert decision in types(operator, "decisions", "--awaiting").output
    done = types(operator, "approve", decision, "--reason", "looked at it", "--seen", "1")
    assert (done.exit_code, "hex8_2p is now canonical version 2" in done.output) == (0, True)
    again = types(operator, "reject", decision, "--reason", "no")
    assert (again.exit_code, "is approved already" in again.stderr) == (1, True)
    other = waits(operator, b"other")
    assert types(operator, "reject", other, "--reason", "resigns when ahead").exit_code == 0
    assert "nothing waits for a person" in types(operator, "decisions", "--awaiting").output
    assert "rejected: resigns when ahead" in types(operator, "holds").output
    refused = types(operator, *PROMOTE, "models/other.pth")
    assert (refused.exit_code, "lift the mark, or force it" in refused.output) == (1, True)
    for given in (UNKNOWN, "6f0c"):
        assert types(operator, "approve", given).exit_code == 2


def test_holds_are_placed_and_lifted(operator: Operator) -> None:
    """Each has its verb, its opposite, and its place in the list."""
    promoted(operator, b"first")
    digest = operator.get(f"{HEX8}/canonical")["digest"]
    for verb, more in (("pause", ()), ("pin", ("--version", "1")), ("mark", (digest,))):
        done = types(operator, verb, "hex8_2p", *more, "--reason", f"why {verb}")
        assert (done.exit_code, "holds" in done.output) == (0, True), done.output
    assert [each["kind"] for each in reads(operator, "holds")["items"]] == ["mark", "pin", "pause"]
    assert types(operator, "pin", "hex8_2p", "--version", "9", "--reason", "x").exit_code == 1
    for verb, more in (("resume", ()), ("unpin", ()), ("unmark", (digest,))):
        assert "is lifted" in types(operator, verb, "hex8_2p", *more).output
        assert types(operator, verb, "hex8_2p", *more).exit_code == 2
    assert "nothing is held" in types(operator, "holds").output
    assert "why pause" in types(operator, "holds", "--lifted").output


def test_a_policy_is_shown_set_compared_and_applied(operator: Operator, tmp_path: Path) -> None:
    """By value or from a file; what is the same already stays, and nobody is overwritten unseen."""
    assert "random_win_rate      0.85" in types(operator, "policy", "show", "hex8_2p").output
    done = types(operator, "policy", "set", "hex8_2p", "--gate", "random_win_rate=0.8", "--reason", "weak start")
    assert (done.exit_code, "random_win_rate: 0.85 -> 0.8" in done.output) == (0, True)
    set_again = ("policy", "set", "hex8_2p", "--gate", "games=60", "--reason", "x", "--seen", "0")
    assert types(operator, *set_again).exit_code == 1
    file = tmp_path / "gates.json"
    file.write_text(json.dumps({"hex8_2p": {"random_win_rate": 0.8}, "square8_2p": {"games": 100, "mode": "anytime"}}))
    compared = types(operator, "policy", "diff", "-f", str(file))
    assert (compared.exit_code, "square8_2p  games: 50 -> 100" in compared.output) == (1, True)
    assert "hex8_2p" not in compared.output
    applied = types(operator, "policy", "apply", "-f", "-", "--reason", "season", typed=file.read_text())
    assert (applied.exit_code, "hex8_2p: unchanged" in applied.output) == (0, True), applied.output
    assert types(operator, "policy", "diff", "-f", str(file)).exit_code == 0
    assert "anytime" in types(operator, "policy", "show").output
    assert types(operator, "policy", "set", "hex8_2p", "--reset", "--reason", "over").exit_code == 0
    history = [each["id"] for each in reads(operator, "policy", "history", "hex8_2p")["items"]]
    assert (len(history), history[0]) == (2, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("policy", "set", "hex8_2p", "--reason", "x"), "or --reset"),
        (("policy", "set", "hex8_2p", "--gate", "elo=5", "--reason", "x"), "a policy has random_win_rate"),
        (("policy", "set", "hex8_2p", "--gate", "games", "--reason", "x"), "name=value"),
        (("policy", "diff", "-f", "none.json"), "cannot be read as JSON"),
        (("policy", "apply", "-f", "-", "--reason", "x"), "is to be like"),
        (("decisions", "--rejudge"), "name it"),
        (("decisions", "6f0c"), "no decision's id"),
    ],
)
def test_what_cannot_be_meant_is_told_before_anything_is_done(
    operator: Operator, words: tuple[str, ...], said: str
) -> None:
    """With what would be right, and the exit code of an error."""
    done = types(operator, *words, typed="[]")
    assert done.exit_code == 2
    assert said in " ".join((done.output + done.stderr).replace("\u2502", " ").split())


def test_another_policy_for_the_sake_of_argument(operator: Operator) -> None:
    """What the games of a decision would have said, by value."""
    operator.has("my_model.pth", b"mine!")
    operator.gauntlet.wins = 40
    assert types(operator, *PROMOTE, "models/my_model.pth").exit_code == 1
    decision = reads(operator, "decisions", "--configuration", "hex8_2p")["items"][-1]
    said = types(operator, "decisions", decision["id"], "--rejudge", "--gate", "random_win_rate=0.8").output
    assert "it would be: passed, gates_passed" in said
    assert reads(operator, "decisions", decision["id"], "--rejudge")["verdict"] == "failed"
    assert "refused: gates_failed" in types(operator, "decisions").output


def test_f64_what_others_wrote_steers_no_terminal(operator: Operator) -> None:
    """A model's path, and a person's reason, with control characters are spelt out wherever they are shown."""
    name = "a\x1b[31mb\x07.pth"
    operator.has(name, b"mine!")
    promote = types(operator, *PROMOTE, f"models/{name}")
    missing = types(operator, *PROMOTE, "models/no\x1b[2Jne.pth")
    pause = types(operator, "pause", "hex8_2p", "--reason", "be\x1b]0;owned\x07ll")
    listed = types(operator, "holds")
    history = types(operator, "rollback", "hex8_2p", "--reason", "x\x1b[2J")
    for done in (promote, missing, pause, listed, history):
        said = "\n".join(own_lines(done.output + done.stderr))
        assert not {each for each in said if not each.isprintable() and each != "\n"}, said
    assert "\\x1b[31mb\\x07.pth" in promote.output
    assert "owned" in listed.output
