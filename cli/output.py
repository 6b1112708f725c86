"""How commands say what came of them: in words for people, or as one JSON object with --json. Decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else on standard output")]


class Output:
    """One command's output. With `as_json` only `result` prints; progress and words are left out."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(soft_wrap=True, highlight=False, quiet=as_json)

    def say(self, text: str, style: str | None = None) -> None:
        """A line for people."""
        self.console.print(text, style=style, markup=False)

    def result(self, result: Mapping[str, Any]) -> None:
        """What came of the command, for programs."""
        if self.as_json:
            print(json.dumps(result))
