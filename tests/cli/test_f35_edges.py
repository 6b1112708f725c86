"""What is wrong at the edge of a command is told in one sentence, with the setting, and nothing is ignored in silence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.kit.nats_servers import Server

ANNOUNCEMENT = ["announce", "--model", "models/a.pth", "--board-type", "hex8", "--num-players", "2", "--timeout", "0"]


def run(words: list[str], environment: Mapping[str, str]) -> Result:
    """What comes of a command line."""
    return CliRunner().invoke(app, words, env=environment)


@pytest.mark.parametrize("words", [ANNOUNCEMENT, ["migrate", "--wait", "0"], ["status"], ["keys", "order"]])
def test_f35_a_setting_that_nobody_reads_is_refused(words: list[str]) -> None:
    """With the name that was probably meant, before anything is done."""
    told = run(words, {"RINGRIFT_NATS_TOKNE": "secret"})
    assert told.exit_code == 2
    assert told.stderr == "RINGRIFT_NATS_TOKNE is not a setting of this suite; did you mean RINGRIFT_NATS_TOKEN?\n"
    assert "secret" not in told.output


def test_f35_a_login_that_is_refused_is_told_with_its_setting(tmp_path: Path) -> None:
    """A wrong token reads as one, and not as a bus that is away."""
    with Server(tmp_path / "nats", authorization={"token": "right"}) as server:
        place = {"RINGRIFT_NATS_URL": f"nats://{server.place}"}
        wrong = run([*ANNOUNCEMENT, "--over", "nats"], {**place, "RINGRIFT_NATS_TOKEN": "wrong"})
        none = run([*ANNOUNCEMENT, "--over", "nats"], place)
    for told, setting in ((wrong, "token: RINGRIFT_NATS_TOKEN"), (none, "no login: RINGRIFT_NATS_TOKEN")):
        assert told.exit_code == 3
        assert f"not confirmed: NATS at {server.place} refuses the login ({setting}" in told.stderr
        assert len(told.stderr.splitlines()) == 1
        assert "Traceback" not in told.output
