"""Orders that prove where they come from: the distribution service signs each request to a node with Ed25519.

What is signed is the method, the path, the node's name and the body, so a captured request says the same again to the same node,
and nothing to any other. No clock is in it: versions only go upwards, so an old order moves nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEADER = "RingRift-Signature"
KEY_BYTES = 32
_SCHEME = "ringrift-order-1"


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a key, written as base64 or hex. ValueError, which does not show the text, if it is none."""
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError("must be the 32 bytes of an Ed25519 key, in base64 or hex; `ringrift keys order` makes a pair")
    return raw


class OrderSigner:
    """Signs requests to nodes. `key`: the private key."""

    def __init__(self, key: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(key_bytes(key))

    def headers(self, method: str, path: str, node: str, body: bytes) -> dict[str, str]:
        """The header that proves the request."""
        return {HEADER: base64.b64encode(self._key.sign(_signed(method, path, node, body))).decode()}


class OrderVerifier:
    """Tells whether a request is for this node, and from the holder of a private key. `keys`: the public ones."""

    def __init__(self, keys: Iterable[str], node: str) -> None:
        self._keys = [Ed25519PublicKey.from_public_bytes(key_bytes(key)) for key in keys]
        self._node = node

    def proves(self, signature: str, method: str, path: str, body: bytes) -> bool:
        """Whether the signature is of this request."""
        try:
            given = base64.b64decode(signature, validate=True)
        except (ValueError, binascii.Error):
            return False
        signed = _signed(method, path, self._node, body)
        return any(_verified(key, given, signed) for key in self._keys)


def _verified(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _signed(method: str, path: str, node: str, body: bytes) -> bytes:
    """What is signed: five lines, none of which can hold a line break."""
    return "\n".join((_SCHEME, method, path, node, hashlib.sha256(body).hexdigest())).encode()
