"""What others wrote is spelt out wherever a command prints it: in lines, tables, live displays and errors alike."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.live import Live
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner

from cli.main import app
from cli.output import HarmlessConsole, Output

EVIL = "\x1b[2J\x07\x9b31m[red]"
SPELT = "\\x1b[2J"


@pytest.fixture
def shown() -> io.StringIO:
    """What was printed."""
    return io.StringIO()


@pytest.fixture
def output(shown: io.StringIO) -> Output:
    """A command's output that a test can read."""
    output = Output()
    output.console = HarmlessConsole(file=shown, soft_wrap=True, highlight=False)
    return output


def test_f64_nothing_that_is_drawn_steers_a_terminal(output: Output, shown: io.StringIO) -> None:
    """A cell, a text and a live display come out as what is printed line by line does."""
    table = Table()
    table.add_column(Text("model"))
    table.add_row(Text(EVIL))
    output.show(table)
    output.show(Text(EVIL))
    with Live(Text(EVIL), console=output.console):
        pass
    output.say(EVIL)
    output.table(("model",), [(EVIL,)])
    assert shown.getvalue().count(SPELT) == 5
    assert not {"\x1b", "\x07", "\x9b"} & set(shown.getvalue())


def test_f64_a_file_that_cannot_be_read_is_named_harmlessly(tmp_path: Path) -> None:
    """The error of a command has the name that somebody gave a file, spelt out."""
    file = tmp_path / "a\x1b[2J.json"
    file.write_text("{")
    done = CliRunner().invoke(app, ["game", "verify", str(file)])
    assert (done.exit_code, "a\\x1b[2J.json: cannot be read as a trace" in done.stderr) == (1, True)
    assert "\x1b" not in done.output + done.stderr
