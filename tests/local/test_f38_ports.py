"""The ports of a suite are remembered in its folder."""

import contextlib
import socket
from pathlib import Path

import pytest

from local.addresses import RUNBOOK, RememberedPorts


def test_f38_other_ports_than_the_runbooks_stay_the_same_too(tmp_path: Path) -> None:
    """With one of the runbook's ports taken the suite uses others, says so, and uses the same ones at the next start."""
    said: list[str] = []
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        # taken by this test, or by whoever has it already
        stack.enter_context(socket.create_server(("127.0.0.1", RUNBOOK["promotion"])))
        first = RememberedPorts(tmp_path / "ports.json", said.append)
        chosen = first.addresses()
        first.keep()
        assert RememberedPorts(tmp_path / "ports.json", said.append).addresses() == chosen
        assert len({port for _, port in chosen.all.values()}) == 6
        assert "127.0.0.1:8770" in said[0]
        assert said[0].endswith("cannot be had; the suite uses others.")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"NATS": "x"}', '{"NATS": 70000}', '{"NATS": null}', "\0"])
def test_f38_what_is_not_a_port_is_not_remembered(tmp_path: Path, text: str) -> None:
    """A damaged file costs no more than the memory."""
    (tmp_path / "ports.json").write_text(text)
    assert 1024 < RememberedPorts(tmp_path / "ports.json", print).port("NATS") < 65536
