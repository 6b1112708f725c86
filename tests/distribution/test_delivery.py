"""How a node's report decides the state of a delivery."""

from hypothesis import given
from hypothesis import strategies as st

from services.distribution.delivery import DeliveryState, Fetch, Head, Held, Report, assess

HEAD = Head("hex8_2p", 3, "a" * 64, 100)
DIGESTS = st.sampled_from(["a" * 64, "b" * 64])
HELD = st.none() | st.builds(Held, st.sampled_from([2, 3]), DIGESTS, st.just(100))
FETCH = st.none() | st.builds(
    Fetch, st.sampled_from([2, 3]), DIGESTS, st.integers(0, 100), st.none() | st.just("disk full")
)


@given(HELD, FETCH, st.sampled_from(["hex8_2p", "hex8_3p"]))
def test_g11_only_the_digest_on_the_disk_makes_it_delivered(held: Held | None, fetch: Fetch | None, key: str) -> None:
    """Neither a finished transfer nor another version or configuration counts."""
    report = Report("node-1", {key: held} if held else {}, {key: fetch} if fetch else {})
    progress = assess(HEAD, report)
    holds = key == "hex8_2p" and held is not None and (held.version, held.digest) == (3, "a" * 64)
    assert (progress.state is DeliveryState.DELIVERED) == holds
    assert holds or progress.state is DeliveryState.FETCHING or progress.detail
