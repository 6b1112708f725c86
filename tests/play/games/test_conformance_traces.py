"""The 70 recorded games in lockstep: legal-set checksums, hashes, fingerprints, rings and winners."""

import pytest

from tests.play.games.conformance_data import traces
from tests.play.games.conformance_engines import ENGINES
from tests.play.games.conformance_runners import run_trace


def test_all_traces_are_present() -> None:
    """The packed data is complete."""
    assert len(traces()) == 70
    assert sum(len(trace["steps"]) for trace in traces().values()) == 12837


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", traces())
def test_trace(name: str, engine: str) -> None:
    """A recorded game replays move for move."""
    run_trace(ENGINES[engine], traces()[name])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_changed_trace_is_refused(engine: str) -> None:
    """The lockstep sees one wrong checksum."""
    trace = traces()["hex8_2p_uniform_0"]
    steps = [*trace["steps"]]
    steps[40] = steps[40] | {"L": "00000000"}
    with pytest.raises(AssertionError, match="step 40"):
        run_trace(ENGINES[engine], trace | {"steps": steps})
