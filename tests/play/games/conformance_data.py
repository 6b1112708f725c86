"""The conformance data: this project's own, packed under tests/data, and the RingRift project's, beside the checkout.

Reads files and nothing else; knows no engine.
"""

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.play.games.conformance_engines import Json

ROOT = Path(__file__).parents[3]
PACKED = ROOT / "tests" / "data" / "ringrift"
UPSTREAM = ROOT.parent / "shared" / "ringrift-vectors"


@cache
def _unpack(name: str) -> Any:
    with lzma.open(PACKED / f"{name}.json.xz") as file:
        return json.load(file)


def traces() -> dict[str, Json]:
    """Name -> `ringrift-trace-v1` document."""
    return dict(_unpack("traces"))


def micro_examples() -> dict[str, Json]:
    """Name -> `ringrift-micro-v1` scenario."""
    return {example["name"]: example for example in _unpack("micro-examples")["examples"]}


def vector_uses() -> dict[str, str]:
    """Contract vector id -> how it may be used (section 22.2 of the rules)."""
    return {name: entry["use"] for name, entry in _unpack("conformance-status")["vectors"].items()}


def upstream(relative: str) -> Path:
    """A file or folder of the RingRift project's fixtures; skips the test where they are not at hand."""
    path = UPSTREAM / relative
    if not path.exists():
        pytest.skip(f"the RingRift project's fixtures are not beside this checkout: no {UPSTREAM.name}/{relative}")
    return path


def read(path: Path) -> Json:
    """A JSON file that holds one object."""
    document: Json = json.loads(path.read_text(encoding="utf-8"))
    return document


@cache
def contract_vectors() -> dict[str, Json]:
    """Id -> contract vector, from all bundles."""
    return {vector["id"]: vector for vector in _bundles(upstream("tests/fixtures/contract-vectors/v2"))}


def _bundles(folder: Path) -> Iterator[Json]:
    for path in sorted(folder.glob("*.vectors.json")):
        yield from read(path)["vectors"]


def micro_state(example: Json) -> Json:
    """The state of a micro-example in the shape of all other fixtures (section 22.1)."""
    state = example["state"]

    def place(cell: str) -> Json:
        return dict(zip("xyz", map(int, cell.split(",")), strict=False))

    seats = range(state["players"])
    return {
        "board": {
            "type": state["board"],
            "stacks": {c: {"position": place(c), "rings": [int(r) for r in s]} for c, s in state["stacks"].items()},
            "markers": {c: {"position": place(c), "player": owner} for c, owner in state["markers"].items()},
            "collapsedSpaces": state["collapsed"],
            "eliminatedRings": {str(seat + 1): state["elim"][seat] for seat in seats},
        },
        "players": [
            {
                "playerNumber": seat + 1,
                "ringsInHand": state["hand"][seat],
                "eliminatedRings": state["elim"][seat],
                "territorySpaces": state["terr"][seat],
            }
            for seat in seats
        ],
        "currentPlayer": state["player"],
        "currentPhase": state["phase"],
        "gameStatus": "active",
        "moveHistory": [],
        "mustMoveFromStackKey": state.get("must_move_from_stack_key"),
        "rulesOptions": state.get("ro"),
    }
