"""The commands and programs that a Markdown page shows, as a reader would copy them. It runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.tree import ROOT

PROGRAMS = ("curl", "make", "docker", "python", "ringrift", ".venv/bin/", "cp", "pytest", "printf", "export", "kubectl")
RUN_ELSEWHERE = {"docs/runbook.md": "tests/contract runs its blocks, in order"}
"""Pages whose fenced blocks are no commands here, with the reason."""
SPAN = re.compile(r"`((?:curl|make|\.venv/bin/\S+|ringrift|python -m|printf|docker) [^`]+)`")


@dataclass(frozen=True)
class Command:
    """A line of shell, continuation lines joined, with the page that shows it."""

    page: str
    text: str

    @property
    def name(self) -> str:
        """What tests and lists call it."""
        return f"{self.page}: {self.text}"


@dataclass(frozen=True)
class Program:
    """A block of Python."""

    page: str
    text: str

    def promised(self) -> list[str]:
        """What its last comments say that each `print` shows."""
        return re.findall(r"^ *print\(.*\)  # (.+)$", self.text, re.MULTILINE)


def pages() -> list[str]:
    """Every page that people read, by its path from the root."""
    files = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "models" / "demo" / "README.md"]
    return sorted(str(path.relative_to(ROOT)) for path in files)


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """Every block of a page with its language: `shell` for indented ones, which show commands."""
    text = (ROOT / page).read_text()
    fenced = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for match in fenced.finditer(text) if page not in RUN_ELSEWHERE else ():
        yield match[1] or "text", match[2]
    for match in re.finditer(r"(?<=\n\n)(?: {4}.*\n?)+", fenced.sub("", text)):
        yield "shell", re.sub(r"^ {4}", "", match[0], flags=re.MULTILINE)


def commands(page: str) -> list[Command]:
    """Every shell command of a page: of its blocks, and of the inline code that begins with a program and has arguments."""
    shell = [text for language, text in blocks(page) if language in ("shell", "sh", "bash", "console")]
    lines = [line for text in shell for line in text.replace("\\\n", " ").splitlines()]
    spans = [span.replace("\\|", "|") for span in SPAN.findall((ROOT / page).read_text())]
    cleaned = [re.sub(r"\s+#\s.*$", "", re.sub(r"\s+", " ", line)).strip() for line in [*lines, *spans]]
    return [Command(page, line) for line in dict.fromkeys(cleaned) if line.startswith(PROGRAMS)]


def programs(page: str) -> list[Program]:
    """Every Python block of a page."""
    return [Program(page, text) for language, text in blocks(page) if language == "python"]
