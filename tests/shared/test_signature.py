"""What a signature on the bus proves, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.signature import FORGET_SECONDS, HEADER, MOST_KEYS, SIGN_SECONDS, NamedKeys, Signer


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Trial:
    """A producer, and a consumer that knows its key."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.signer, self.known = Signer(self.clock), NamedKeys(self.clock)
        self.known.named(self.signer.key)

    def header(self, payload: bytes) -> str:
        """The producer's signature of a payload."""
        return self.signer.headers(payload)[HEADER]


@pytest.fixture
def trial() -> Trial:
    """Both, new."""
    return Trial()


@given(payload=st.binary(max_size=200), other=st.binary(max_size=200))
def test_f09_a_signature_proves_the_payload_that_was_signed_and_no_other(payload: bytes, other: bytes) -> None:
    """Whatever the payloads are."""
    trial = Trial()
    assert trial.known.prove(trial.header(payload), payload)
    assert trial.known.prove(trial.header(payload), other) == (payload == other)


@given(place=st.integers(min_value=0, max_value=192), letter=st.characters(codec="utf-8"))
def test_f09_a_header_with_another_letter_proves_nothing(place: int, letter: str) -> None:
    """Wherever it is changed, and to whatever."""
    trial = Trial()
    true = trial.header(b"event")
    forged = true[:place] + letter + true[place + 1 :]
    assert trial.known.prove(forged, b"event") == (forged == true)


def test_f09_a_signature_has_one_spelling(trial: Trial) -> None:
    """Capitals and spaces say the same bytes, and prove nothing."""
    key, signature = trial.header(b"event").split()
    for other in (signature.upper(), f" {signature}", f"{signature} ", f"{signature[:64]} {signature[64:]}"):
        assert not trial.known.prove(f"{key} {other}", b"event")


def test_f09_a_key_that_the_feed_does_not_name_proves_nothing(trial: Trial) -> None:
    """Anyone can make a key, and sign with it."""
    stranger = Signer(trial.clock)
    assert not trial.known.prove(stranger.headers(b"event")[HEADER], b"event")
    for nothing in ("", " ", f"{trial.signer.key}", f"{trial.signer.key} ", "ü ü"):
        assert not trial.known.prove(nothing, b"event")


def test_a_key_is_believed_for_a_while_after_it_was_named_last(trial: Trial) -> None:
    """So that what was signed long ago cannot be said again."""
    header = trial.header(b"event")
    trial.clock.now += FORGET_SECONDS
    assert trial.known.prove(header, b"event")
    trial.clock.now += 1
    assert not trial.known.prove(header, b"event")


def test_a_key_is_replaced(trial: Trial) -> None:
    """What a process signed an hour ago is believed no more, though the process is the same."""
    before, header = trial.signer.key, trial.header(b"event")
    trial.clock.now += SIGN_SECONDS + 1
    assert trial.signer.key != before
    trial.known.named(trial.signer.key)
    assert not trial.known.prove(header, b"event")
    assert trial.known.prove(trial.header(b"event"), b"event")


def test_only_so_many_keys_are_known_and_no_other_text(trial: Trial) -> None:
    """A producer cannot fill the memory of its consumers."""
    header = trial.header(b"event")
    for _ in range(MOST_KEYS - 1):
        trial.known.named(Signer(trial.clock).key)
    trial.known.named("x" * 10**6)
    assert trial.known.prove(header, b"event")
    trial.known.named(Signer(trial.clock).key)
    assert not trial.known.prove(header, b"event")
