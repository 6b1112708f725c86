"""The blocks of a runbook, and the steps of each, as an operator would copy them. It runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LANGUAGES = ("bash", "python")


@dataclass(frozen=True)
class Step:
    """What is typed at once. `title`: the comment above it."""

    title: str
    text: str


@dataclass(frozen=True)
class Block:
    """A block of shell or Python under a heading; `place` is its number there, from 0."""

    heading: str
    place: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{self.heading} ({self.place + 1})" if self.place else self.heading

    @property
    def steps(self) -> list[Step]:
        """Its commands, which blank lines part; a block of Python is one."""
        if self.language == "python":
            return [Step("the program", self.text)]
        parts = re.split(r"\n{2,}(?=# )", self.text.strip())
        return [Step(part.splitlines()[0].removeprefix("# "), part) for part in parts]


def blocks(page: str) -> list[Block]:
    """Every block of shell or Python of a page."""
    found: list[Block] = []
    for heading, language, text in _fences(page):
        if language in LANGUAGES:
            place = sum(each.heading == heading for each in found)
            found.append(Block(heading, place, language, text))
    return found


def _fences(page: str) -> Iterator[tuple[str, str, str]]:
    """Every fenced text with its language and the heading that it stands under."""
    heading = ""
    for match in re.finditer(r"^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if match[1]:
            heading = match[1]
        else:
            yield heading, match[2], match[3]
