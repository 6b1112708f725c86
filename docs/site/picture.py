"""docs/pictures/architecture.svg: the rows are those of the import contract, the arrows are the imports that there are.

`python -m docs.site.picture` prints it. It decides nothing about who may import whom: pyproject.toml does.
"""

from __future__ import annotations

import tomllib
from html import escape
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import grimp

ROOT = Path(__file__).resolve().parents[2]
COLUMN, ROW, HEIGHT, MARGIN = 164, 88, 54, 16
Edges = set[tuple[str, str]]


class Place(NamedTuple):
    """Where a box stands in its row, in columns, and what it says."""

    left: float
    right: float
    says: str


PLACES = {
    "app": Place(4, 5, "the runbook's names"),
    "cli": Place(0, 4, "the command ringrift"),
    "services.gauntlet": Place(0, 1, "plays"),
    "services.promotion": Place(1, 2, "judges"),
    "services.distribution": Place(2, 3, "delivers; agents"),
    "local": Place(3, 3.86, "servers from wheels"),
    "play": Place(0, 0.72, "the games"),
    "ringrift_client": Place(4, 4.85, "for trainers"),
    "shared.service": Place(1, 4, "the frame of a running service"),
    "shared.messaging": Place(1, 2.5, "outbox, inbox, bus, feed"),
    "shared.web": Place(2.5, 4, "application, problems, keys"),
    "shared.storage": Place(1, 4, "database, files, artifacts by digest"),
    "shared.process": Place(1, 4, "settings, logs, calls"),
    "shared.contract": Place(0, 5, "what services say to each other"),
}
STYLE = """
  .ground { fill: #ffffff; } .box { fill: #eef6f5; stroke: #00796b; stroke-width: 1.5; }
  .group { fill: none; stroke: #7b8794; stroke-dasharray: 5 4; } .arrow { fill: none; stroke: #52606d; stroke-width: 1.6; }
  .head { fill: #52606d; } .name { fill: #102a27; font-weight: 600; font-size: 15px; } .says { fill: #46545f; font-size: 12px; }
  text { font-family: system-ui, "DejaVu Sans", sans-serif; text-anchor: middle; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1b1f27; } .box { fill: #17302e; stroke: #4db6ac; } .group { stroke: #8a96a3; } .arrow { stroke: #aab4bf; }
    .head { fill: #aab4bf; } .name { fill: #e6f4f2; } .says { fill: #b6c2cc; }
  }
"""


def rows() -> list[list[str]]:
    """The boxes from above to below, as the contracts of pyproject.toml have them."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {each["id"]: each for each in linter["contracts"]}
    inside = [[f"shared.{name}" for name in _names(layer)] for layer in contracts["shared"]["layers"]]
    found: list[list[str]] = []
    for layer in contracts["parts"]["layers"]:
        names = _names(layer)
        services = contracts["services"]["modules"] if "services" in names else []
        found += inside if names == ["shared"] else [[name for name in names if name != "services"] + services]
    return found


def imports() -> Edges:
    """Who imports whom, but for what follows from other arrows."""
    boxes = list(chain(*rows()))
    graph = grimp.build_graph(*{name.split(".")[0] for name in boxes}, cache_dir=None)
    direct = {(one, two) for one in boxes for two in boxes if _imports(graph, one, two)}
    beyond = _reachable(direct)
    return {(one, two) for one, two in direct if not any({(one, via), (via, two)} <= beyond for via in boxes)}


def drawn() -> str:
    """The picture."""
    stands = {name: row for row, names in enumerate(rows()) for name in names}
    width, height = 5 * COLUMN + 2 * MARGIN, len(rows()) * ROW + MARGIN + 14
    services = [name for name in stands if name.startswith("services.")]
    shared = [name for name in stands if name.startswith("shared.")]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title what">',
            '<title id="title">The suite\'s parts and who imports whom</title>',
            f'<desc id="what">{escape("; ".join(f"{one} imports {two}" for one, two in sorted(imports())))}.</desc>',
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
            '<path class="head" d="M0 0 10 5 0 10z"/></marker></defs>',
            f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
            *(_group(services, stands), _group(shared, stands)),
            *(_arrow(one, two, stands) for one, two in sorted(imports())),
            *(_box(name, stands) for name in stands),
            _words("never import each other", 2, _y(stands[services[0]]) - 15),
            _words("shared", 4.45, _y(stands["shared.service"]) + 31),
            "</svg>\n",
        )
    )


def _names(layer: str) -> list[str]:
    return [name.strip() for name in layer.split("|")]


def _imports(graph: grimp.ImportGraph, one: str, two: str) -> bool:
    return one != two and graph.direct_import_exists(importer=one, imported=two, as_packages=True)


def _reachable(edges: Edges) -> Edges:
    found = set(edges)
    while longer := {(one, four) for one, two in found for three, four in edges if two == three} - found:
        found |= longer
    return found


def _x(column: float) -> float:
    return MARGIN + column * COLUMN


def _y(row: int) -> int:
    return MARGIN + row * ROW


def _box(name: str, stands: dict[str, int]) -> str:
    place, top = PLACES[name], _y(stands[name])
    middle, width = _x((place.left + place.right) / 2), (place.right - place.left) * COLUMN - 12
    return (
        f'<rect class="box" x="{_x(place.left) + 6:g}" y="{top}" width="{width:g}" height="{HEIGHT}" rx="7"/>'
        f'<text class="name" x="{middle:g}" y="{top + 23}">{name.split(".")[-1]}</text>'
        f'<text class="says" x="{middle:g}" y="{top + 41}">{escape(place.says)}</text>'
    )


def _words(text: str, column: float, y: int) -> str:
    return f'<text class="says" x="{_x(column):g}" y="{y}">{text}</text>'


def _group(names: list[str], stands: dict[str, int]) -> str:
    """A dashed line around some boxes."""
    left, right = min(PLACES[name].left for name in names), max(PLACES[name].right for name in names)
    top, bottom = min(stands[name] for name in names), max(stands[name] for name in names)
    size = f'width="{(right - left) * COLUMN:g}" height="{(bottom - top) * ROW + HEIGHT + 14}"'
    return f'<rect class="group" x="{_x(left):g}" y="{_y(top) - 7}" {size} rx="9"/>'


def _arrow(one: str, two: str, stands: dict[str, int]) -> str:
    """From the lower edge of a box to the upper edge of another, beside whatever stands between."""
    above, below = PLACES[one], PLACES[two]
    start, end = _y(stands[one]) + HEIGHT, _y(stands[two]) - 1
    left, right = max(above.left, below.left), min(above.right, below.right)
    if left >= right:  # not one above the other
        turn = 1 if below.left >= above.right else -1
        x, to = (
            (_x(above.right - 0.14), _x(below.left + 0.16))
            if turn > 0
            else (_x(above.left + 0.14), _x(below.right - 0.16))
        )
        half = (start + end) / 2
        return f'<path class="arrow" marker-end="url(#head)" d="M{x:g} {start}C{x:g} {half:g} {to:g} {half:g} {to:g} {end}"/>'
    between = [PLACES[name] for name, row in stands.items() if stands[one] < row < stands[two]]
    free = [at for at in (0.5, 0.9, 0.1) if not any(p.left < left + at * (right - left) < p.right for p in between)]
    x = _x(left + (free or [0.5])[0] * (right - left))
    return f'<path class="arrow" marker-end="url(#head)" d="M{x:g} {start}V{end}"/>'


if __name__ == "__main__":
    print(drawn(), end="")
