"""The RingRift project's contract vectors in both engines: 38 legal moves, 24 unchecked ones, 28 that are not for use."""

import pytest

from tests.play.games.conformance_data import contract_vectors, vector_uses
from tests.play.games.conformance_engines import ENGINES
from tests.play.games.conformance_runners import run_vector

WRONG_TURN = "the state is in another seat's turn or another phase than its move belongs to"
NO_SINGLE_MOVE = "a story of several moves, which the vector does not give one by one"
NO_REGION = "names no region, or an empty one"
GAME_ENDS = "expects the game to go on, but the recovery gives away the last ring and a sole survivor wins"
NO_CELLS = "its line choice names no cells to collapse"

SKIPPED = {
    "chain_capture.depth3.segment2.hexagonal": WRONG_TURN,
    "forced_elimination.monotone_chain.step2.square8": WRONG_TURN,
    "forced_elimination.monotone_chain.final.square8": WRONG_TURN,
    "forced_elimination.territory_no_host_fe.square8": NO_REGION,
    "hex_edge_case.corner_region.case1.hexagonal": NO_REGION,
    "multi_phase.placement_capture_line": NO_SINGLE_MOVE,
    "multi_phase.full_sequence_with_territory": NO_SINGLE_MOVE,
    "multi_phase.full_sequence_with_territory_square19": NO_SINGLE_MOVE,
    "multi_phase.full_sequence_with_territory_hex": NO_SINGLE_MOVE,
    "multi_phase.line_then_multi_region_territory.square19.step1_line": NO_CELLS,
    "multi_phase.line_then_multi_region_territory.square19.step2_regionB": NO_REGION,
    "multi_phase.line_then_multi_region_territory.square19.step3_regionA": NO_REGION,
    "multi_phase.line_then_multi_region_territory.hex.step1_line": NO_CELLS,
    "multi_phase.line_then_multi_region_territory.hex.step2_regionB": NO_REGION,
    "multi_phase.line_then_multi_region_territory.hex.step3_regionA": NO_REGION,
    "recovery.exact_length_option1": GAME_ENDS,
    "recovery.overlength_option1": GAME_ENDS,
    "recovery.fallback_reposition": GAME_ENDS,
    "territory.forced_elimination.simple_square8": WRONG_TURN,
    "territory.forced_elimination.simple_hexagonal": WRONG_TURN,
    "territory.hex_region_then_elim.step2_elim": WRONG_TURN,
    "territory.square_region_then_elim.step2_elim": WRONG_TURN,
    "territory.square_two_regions_then_elim.step2_regionA": WRONG_TURN,
    "territory.square19_two_regions_then_elim.step2_regionA": WRONG_TURN,
    "territory.hex_two_regions_then_elim.step2_regionA": WRONG_TURN,
    "territory_line.overlong_line.step1.square8": NO_CELLS,
    "territory_line.single_point_swing.square19": NO_REGION,
    "territory_line.decision_auto_exit.square8": NO_REGION,
}
LEGAL = sorted(name for name, use in vector_uses().items() if use.endswith("_legal"))
UNCHECKED = sorted(name for name, use in vector_uses().items() if use.endswith("_unchecked"))


def test_the_skip_list_is_exact() -> None:
    """Every vector is either run or skipped by name; a new one upstream would be noticed."""
    assert (len(LEGAL), len(UNCHECKED), len(SKIPPED)) == (38, 24, 28)
    assert set(vector_uses()) - set(LEGAL) - set(UNCHECKED) == set(SKIPPED)
    assert set(contract_vectors()) == set(vector_uses())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", LEGAL)
def test_legal_vector(name: str, engine: str) -> None:
    """The vector's move is in the legal set, and playing it gives what the vector states."""
    run_vector(ENGINES[engine], contract_vectors()[name], legal=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", UNCHECKED)
def test_unchecked_vector(name: str, engine: str) -> None:
    """The vector's move, taken as drawn, has the effect that the vector states, and is no legal move."""
    run_vector(ENGINES[engine], contract_vectors()[name], legal=False)
    with pytest.raises(AssertionError):
        run_vector(ENGINES[engine], contract_vectors()[name], legal=True)
