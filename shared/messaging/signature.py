"""Signed events: what lets a service believe an event of a producer though it came over the bus, where anyone may write.

A process signs what it publishes with a key of its own making, and names the public half in its feed, which is read under a key of
that edge. So the signature proves what the feed would, and costs no request. No time is signed: a key is soon replaced, and a
consumer soon forgets one that is not named any more. What is not proven is read from the feed, as if nothing had been said.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.contract.words import EVENT_KEY_PATTERN

HEADER = "RingRift-Signature"
SIGN_SECONDS = 3600.0
"""For how long a key signs; far shorter than events that were handled are remembered."""
FORGET_SECONDS = 600.0
"""How long after it was named last a key is believed."""
MOST_KEYS = 16
"""Of one producer: as many of its processes may answer by turns."""
_SCHEME = b"ringrift-event-1\n"
_SIGNATURE = re.compile("[0-9a-f]{128}")
"""One spelling alone: Python would read capitals and spaces as well."""
Clock = Callable[[], float]


class Signer:
    """Signs what one process publishes."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        """`clock`: seconds, from any beginning."""
        self._clock = clock
        self._renew()

    @property
    def key(self) -> str:
        """The public key of now, in hex."""
        if self._clock() > self._made + SIGN_SECONDS:
            self._renew()
        return self._private.public_key().public_bytes_raw().hex()

    def headers(self, payload: bytes) -> dict[str, str]:
        """The header that proves the payload: the public key, and the signature."""
        return {HEADER: f"{self.key} {self._private.sign(_SCHEME + payload).hex()}"}

    def _renew(self) -> None:
        self._private, self._made = Ed25519PrivateKey.generate(), self._clock()


class NamedKeys:
    """The keys that one producer's feed has named lately."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._named: dict[str, float] = {}

    def named(self, key: str) -> None:
        """The feed names a key; what is none is passed over."""
        if not re.fullmatch(EVENT_KEY_PATTERN, key):
            return
        self._named.pop(key, None)
        self._named[key] = self._clock()
        while len(self._named) > MOST_KEYS:
            del self._named[next(iter(self._named))]

    def prove(self, header: str, payload: bytes) -> bool:
        """Whether the header is a signature of the payload, under a key that was named lately."""
        key, _, signature = header.partition(" ")
        if self._clock() > self._named.get(key, float("-inf")) + FORGET_SECONDS or not _SIGNATURE.fullmatch(signature):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), _SCHEME + payload)
        except InvalidSignature:
            return False
        return True
