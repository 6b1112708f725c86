"""Every link of the pages leads somewhere, every file that they name is there, and every page is in the site's navigation.

It reads files and asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.docs.commands import pages
from tests.house.tree import ROOT

FOLDERS = "cli|client|deploy|docker|docs|local|play|scripts|services|shared|tests"
FILE = re.compile(rf"(?<![\w/.])(?:{FOLDERS})/[\w./-]*\w\.(?:py|md|json|toml|sh)\b")
LINK = re.compile(r"(?:\]\(|(?:src|srcset|href)=\")([^)\"\s]+)")
HEADING = re.compile(r"^#+ (.+?)\s*$", re.MULTILINE)
MADE = re.compile(r"^(?:index|contributing|changelog|asyncapi|api/\w+)\.md$")
"""Pages of the navigation that docs/site makes."""


def text_of(page: str) -> str:
    """A page without its blocks of code: a bracket in a program is no link, and its comments are no headings."""
    return re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)


def links() -> Iterator[tuple[str, str, str]]:
    """Every link within the repository: its page, the page or file it leads to, and the place there."""
    for page in pages():
        for link in LINK.findall(text_of(page)):
            if not re.match(r"[a-z]+:", link):
                path, _, place = link.partition("#")
                target = (ROOT / page).parent / path if path else ROOT / page
                yield f"{page}: {link}", str(target.resolve().relative_to(ROOT)), place


@cache
def places(page: str) -> frozenset[str]:
    """What can be linked to in a page: its headings, spelt as GitHub and the site do."""
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)|`", r"\1", heading).lower() for heading in HEADING.findall(text_of(page)))
    return frozenset(re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain)


def test_every_link_leads_somewhere() -> None:
    """A page links to files that exist, and to headings that they have."""
    assert not [link for link, target, _ in links() if not (ROOT / target).exists()]
    assert not [link for link, target, place in links() if place and place not in places(target)]


def test_every_named_file_exists() -> None:
    """A page names files of this repository by their whole path, as they are now."""
    named = [(page, path) for page in pages() for path in FILE.findall((ROOT / page).read_text())]
    assert not {f"{page}: {path}" for page, path in named if not (ROOT / path).exists()}


def test_every_page_is_in_the_navigation() -> None:
    """The site leads to every page of docs, and to none that is not there."""
    navigation = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text().split("\nnav:")[1]))
    there = {str(path.relative_to(ROOT / "docs")) for path in Path(ROOT / "docs").glob("**/*.md")}
    assert not there - navigation, "mkdocs.yml leads to these nowhere"
    assert not {page for page in navigation - there if not MADE.match(page)}
