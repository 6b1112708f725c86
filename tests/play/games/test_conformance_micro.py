"""The 45 micro-examples in both engines: legal sets, fingerprints and hashes step by step."""

import pytest

from tests.play.games.conformance_data import micro_examples, micro_state
from tests.play.games.conformance_engines import ENGINES
from tests.play.games.conformance_runners import run_micro

# Examples whose legal sets belong to `ref` and `canonical`; `test_strict_sets` has what `strict` says instead.
NOT_STRICT = {
    "place-dead-count": "strict tests every placement count on its own (D5)",
    "line-overlength-segment": "strict offers no process_line on an overlength line (D3)",
    "line-long8": "strict offers no process_line on an overlength line (D3)",
}


def test_all_examples_are_present() -> None:
    """The packed data is complete."""
    assert len(micro_examples()) == 45
    assert set(NOT_STRICT) < set(micro_examples())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("profile", ["ref", "canonical"])
@pytest.mark.parametrize("name", micro_examples())
def test_example(name: str, profile: str, engine: str) -> None:
    """An example gives the recorded legal sets and states; the two profiles differ in none of them."""
    run_micro(ENGINES[engine], micro_examples()[name], profile)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted(set(micro_examples()) - set(NOT_STRICT)))
def test_example_strict(name: str, engine: str) -> None:
    """Every example that is no matter of profile holds under `strict`."""
    run_micro(ENGINES[engine], micro_examples()[name], "strict")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NOT_STRICT)
def test_strict_sets(name: str, engine: str) -> None:
    """Under `strict` the other three lose exactly the moves that the profile takes away."""
    example = micro_examples()[name]
    ref, strict = (ENGINES[engine].load(micro_state(example), profile).legal_keys() for profile in ("ref", "strict"))
    assert strict < ref
    if name == "place-dead-count":
        assert {key for key in ref if key.startswith("place_ring|0,0|")} - strict == {"place_ring|0,0|1"}
    else:
        assert ref - strict == {key for key in ref if key.startswith("process_line|")}
