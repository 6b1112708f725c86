"""The RingRift project's small vectors on lines with more than two seats and on recovery, in both engines."""

import pytest

from tests.play.games.conformance_data import read, upstream
from tests.play.games.conformance_engines import ENGINES, Json
from tests.play.games.conformance_runners import json_key, play_recorded

FOLDER = "ai-service/tests/parity/vectors"
LINES = (
    "line.3player.exact_length_3",
    "line.4player.exact_length_3",
    "line.2player.3markers_no_line",
    "line.2player.exact_length_4",
    "line.3player.overlength_4",
)
SHORTENED = "line.3player.minimum_collapse_option2"
RECOVERIES = ("recovery.exact_length_option1", "recovery.overlength_option1", "recovery.overlength_option2_free")


def vectors(name: str) -> dict[str, Json]:
    """Id -> vector of one of the two files."""
    return {vector["id"]: vector for vector in read(upstream(f"{FOLDER}/{name}.vectors.json"))["vectors"]}


def entries(fingerprint: str, part: int) -> set[str]:
    """The cells named in one part of a fingerprint."""
    return {entry.split(":")[0] for entry in fingerprint.split("#")[part].split("|") if entry}


def test_all_vectors_are_named() -> None:
    """Every vector of the two files is run."""
    assert set(vectors("multiplayer_line")) == {*LINES, SHORTENED}
    assert set(vectors("recovery_action")) == set(RECOVERIES)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", LINES)
def test_line_detection(name: str, engine: str) -> None:
    """As many lines are offered as the vector counts; shorter choices exist only for a line beyond the threshold."""
    vector = vectors("multiplayer_line")[name]
    detection = vector["assertions"]["lineDetection"]
    keys = ENGINES[engine].load(vector["input"]["state"], "ref").legal_keys()
    options = [key.split("|")[1:] for key in keys if key.startswith("choose_line_option|")]
    lines = {line for line, _ in options}
    assert len(lines) == detection["lineCount"]
    assert all(len(line.split()) == detection["lineLength"] for line in lines)
    shorter = {len(cells.split()) for line, cells in options if cells != line}
    assert shorter == ({detection["effectiveThreshold"]} if detection.get("isOverlength") else set())


@pytest.mark.parametrize("engine", ENGINES)
def test_minimum_collapse(engine: str) -> None:
    """The short option collapses the threshold's number of cells, leaves the rest and costs nothing."""
    vector = vectors("multiplayer_line")[SHORTENED]
    changes = vector["assertions"]["boardChanges"]
    chosen = " ".join(changes["collapsedSpacesAdded"])
    whole = " ".join(sorted(changes["collapsedSpacesAdded"] + changes["markersRemaining"]))
    game = ENGINES[engine].load(vector["input"]["state"], "ref")
    game.apply(f"choose_line_option|{whole}|{chosen}")
    assert entries(game.fingerprint(), 4) == set(changes["collapsedSpacesAdded"])
    assert entries(game.fingerprint(), 3) == set(changes["markersRemaining"])
    assert game.fingerprint().split("#")[1].startswith("1:14:0:3|")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", RECOVERIES)
def test_recovery(name: str, engine: str) -> None:
    """A recovery collapses the cells and costs the ring that the vector states."""
    vector = vectors("recovery_action")[name]
    state, move = vector["input"]["state"], vector["input"]["initialMove"]
    game = ENGINES[engine].load(state, "ref")
    assert json_key("square8", move) in game.legal_keys()
    play_recorded(game, "square8", move)
    changes = vector["assertions"]["boardChanges"]
    assert entries(game.fingerprint(), 4) == set(changes["collapsedSpacesAdded"])
    assert entries(game.fingerprint(), 3) == set(changes["markersRemaining"])
    expected = vector["assertions"]["playerChanges"]["1"]
    players = game.fingerprint().split("#")[1].split("|")
    assert players[0].startswith(f"1:{expected['ringsInHand']}:{expected['eliminatedRings']}:")
