"""The RingRift project's rules-parity files in both engines, compared after the first `#` of the fingerprint."""

import pytest

from tests.play.games.conformance_data import read, upstream
from tests.play.games.conformance_engines import ENGINES, EngineUnderTest, Json
from tests.play.games.conformance_runners import json_key, play_recorded, without_meta

FOLDER = "tests/fixtures/rules-parity"
PLAYABLE = (
    "v1/state_action.square8_2p.move_stack_forward",
    "v1/state_action.square8_2p.overtaking_capture",
    "v1/state_action.square8_2p.place_ring_center",
    "v1/state_action.square8_2p.skip_placement",
    "v1/trace.square8_2p.overtaking_capture",
    "v1/trace.square8_2p.placement_and_movement",
    "v1/trace.square8_2p.skip_placement",
    "v2/state_action.square8_2p.ringcap_mixed_plateau",
)
REFUSED = (
    "v1/state_action.square8_2p.choose_line_reward",
    "v1/state_action.square8_2p.choose_line_reward.collapse_all",
    "v1/state_action.square8_2p.process_line",
    "v1/state_action.square8_2p.skip_placement.no_stacks",
    "v1/trace.square8_2p.choose_line_reward.collapse_all",
    "v1/trace.square8_2p.choose_line_reward.minimum_collapse",
    "v1/trace.square8_2p.process_line",
    *(
        f"v2/{kind}.{board}_2p.process_line.multiple_lines"
        for kind in ("state_action", "trace")
        for board in ("hex8", "hexagonal", "square19", "square8")
    ),
    "v2/state_action.square8_2p.ringcap_exact_plateau",
)
UNCHECKED = (
    "v1/state_action.square8_2p.continue_capture",
    "v1/state_action.square8_2p.eliminate_stack",
    "v1/state_action.square8_2p.process_territory",
    "v1/trace.square8_2p.continue_capture",
    "v1/trace.square8_2p.eliminate_stack",
    "v1/trace.square8_2p.process_territory",
    *(
        f"v2/{kind}.{board}_2p.process_territory.multi_region"
        for kind in ("state_action", "trace")
        for board in ("hex8", "square19", "square8")
    ),
)
OFF_BOARD = {
    "v2/state_action.hexagonal_2p.process_territory.multi_region": "uses 7,7 and 6,6, which no hexagonal board has",
    "v2/trace.hexagonal_2p.process_territory.multi_region": "uses 7,7 and 6,6, which no hexagonal board has",
}
INITIAL = "v1/state_only.square8_2p.initial"


def load(name: str) -> tuple[Json, list[Json]]:
    """The initial state and the steps (move, whether valid, fingerprint after, S after) of either kind of file."""
    file = read(upstream(f"{FOLDER}/{name}.json"))
    if "steps" in file:
        steps = [
            {
                "move": step["move"],
                "valid": (step.get("expected") or {}).get("tsValid"),
                "fingerprint": step.get("stateHash") or (step.get("expected") or {}).get("tsStateHash"),
                "progress": step.get("sInvariant"),
            }
            for step in file["steps"]
        ]
        return file["initialState"], steps
    expected = file["expected"]
    after = expected.get("tsNext") or {}
    step = {"move": file["move"], "valid": expected["tsValid"]}
    return file["state"], [{**step, "fingerprint": after.get("stateHash"), "progress": after.get("S")}]


def replay(engine: EngineUnderTest, name: str, *, legal: bool) -> None:
    """Play a file's moves, comparing everything but the first part of the fingerprint after each."""
    state, steps = load(name)
    game = engine.load(state, "ref")
    for step in steps:
        assert step["valid"]
        if legal:
            play_recorded(game, state["board"]["type"], step["move"])
        else:
            game.apply_json(step["move"])
        assert without_meta(game.fingerprint()) == without_meta(step["fingerprint"])
        assert game.progress() == (game.progress() if step["progress"] is None else step["progress"])


def test_the_lists_are_exact() -> None:
    """Every file is run or skipped by name: 36 of 38 with moves, and the one without."""
    names = [*PLAYABLE, *REFUSED, *UNCHECKED]
    assert len(names) == 36
    folder = upstream(FOLDER)
    found = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob("v*/*.json")}
    assert found == {*names, *OFF_BOARD, INITIAL}


@pytest.mark.parametrize("engine", ENGINES)
def test_initial_state(engine: str) -> None:
    """The recorded opening position is a fresh game."""
    state = read(upstream(f"{FOLDER}/{INITIAL}.json"))["state"]
    fresh = ENGINES[engine].new("square8", 2, "ref", {})
    assert ENGINES[engine].load(state, "ref").fingerprint() == fresh.fingerprint()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PLAYABLE)
def test_playable_file(name: str, engine: str) -> None:
    """Every move is legal and gives the recorded position."""
    replay(ENGINES[engine], name, legal=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", UNCHECKED)
def test_unchecked_file(name: str, engine: str) -> None:
    """Moves on hand-drawn regions and chains have the recorded effect."""
    replay(ENGINES[engine], name, legal=False)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", REFUSED)
def test_refused_file(name: str, engine: str) -> None:
    """A move that the file calls invalid is not in the legal set."""
    state, steps = load(name)
    game = ENGINES[engine].load(state, "ref")
    for step in steps:
        assert not step["valid"]
        assert json_key(state["board"]["type"], step["move"]) not in game.legal_keys()
