"""How commands say what came of them: in words for people, or as one JSON object with --json. Decides nothing.

Whatever a command prints goes through here, so that nothing that others wrote steers a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended while what it had asked for goes on."""
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else on standard output")]


class HarmlessConsole(Console):
    """A console that nothing but itself steers: whatever it is given, texts, tables and live displays alike."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable(segment.text))


class Output:
    """One command's output. With `as_json` only `result` prints; progress and words are left out."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = HarmlessConsole(soft_wrap=True, highlight=False, quiet=as_json)

    def say(self, text: str, style: str | None = None) -> None:
        """A line for people."""
        self.console.print(printable(text), style=style, markup=False)

    def show(self, renderable: RenderableType) -> None:
        """What rich draws, for people."""
        self.console.print(renderable)

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Rows in columns for people, whole at any width of the terminal."""
        texts = [tuple(map(printable, row)) for row in (titles, *rows)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        for number, row in enumerate(texts):
            line = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            self.say(line, style=None if number else "bold")

    def result(self, result: Mapping[str, Any]) -> None:
        """What came of the command, for programs."""
        if self.as_json:
            print(json.dumps(result))

    def program(self, text: str) -> None:
        """A program of ours that a shell is to read, as it is."""
        print(text)

    def fail(self, text: str, **facts: Any) -> None:
        """Why the command could not do what it was asked: in words on standard error, and for programs as `error`."""
        typer.echo(printable(text), err=True)
        self.result({"error": text, **facts})

    @contextmanager
    def going_on(self, what: str) -> Iterator[None]:
        """While the block waits for something: Ctrl-C ends the waiting alone, and it is told what goes on and how to end that."""
        try:
            yield
        except KeyboardInterrupt:
            self.fail(f"no longer waited for: {what}")
            raise typer.Exit(INTERRUPTED) from None

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """A live line in a terminal; elsewhere a line of its own whenever the text changes."""
        last = [""]
        with self.console.status("waiting") as live:

            def say(given: str) -> None:
                text = printable(given)
                if text != last[0] and not self.console.is_terminal:
                    self.say(text)
                last[0] = text
                live.update(escape(text))

            yield say


def printable(text: str) -> str:
    """A text of whatever origin without what would steer a terminal: its lines stay lines, other such characters are spelt out."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode() for each in text
    )
