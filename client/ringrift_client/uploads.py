"""Sending a model to a gauntlet service that sees no folder of this machine: in pieces, gone on with where a try broke off."""

from __future__ import annotations

import time
from pathlib import Path

from ringrift_client.errors import FrontDoorError, RefusedError
from ringrift_client.transport import Transport

PIECE_SECONDS, LAST_SECONDS = 60.0, 900.0
"""For the answer to a piece; to the last one, with which the whole is hashed."""
AGAIN_SECONDS = 0.5
FINAL = ("upload-refused", "invalid-request")
"""The kinds of refusal that no other day changes."""


def send(gauntlet: Transport, path: Path, digest: str, seconds: float) -> bool:
    """Send a file; whether all of it is there. A service that is away for a while is tried again, for so many seconds, and what has
    come until then stays there for the next call. OSError if the file cannot be read, RefusedError if it can never be taken,
    FrontDoorError with the last trouble if nothing came of it in time."""
    end = time.monotonic() + seconds
    trouble: FrontDoorError | None = None
    size = path.stat().st_size
    while True:
        try:
            if _sent(gauntlet, path, digest, size, end):
                return True
        except RefusedError as error:
            if error.kind in FINAL or error.status in (401, 403, 404):
                raise
            trouble = error
        except FrontDoorError as error:
            trouble = error
        if time.monotonic() >= end:
            break
        time.sleep(AGAIN_SECONDS)
    if trouble is not None:
        raise trouble
    return False


def _sent(gauntlet: Transport, path: Path, digest: str, size: int, end: float) -> bool:
    """Send what is not there yet, until the end; whether that was all."""
    address = f"/v1/uploads/{digest}"
    found = gauntlet.call("GET", address, timeout=PIECE_SECONDS)
    with path.open("rb") as stream:
        while not found["complete"]:
            stream.seek(found["offset"])
            piece = stream.read(found["most_piece_bytes"])
            is_last = found["offset"] + len(piece) >= size
            found = gauntlet.call(
                "PUT", address, params={"offset": found["offset"], "size": size}, content=piece,
                headers={"Content-Type": "application/octet-stream"}, timeout=LAST_SECONDS if is_last else PIECE_SECONDS,
            )  # fmt: skip
            if time.monotonic() >= end:
                break
    return bool(found["complete"])
