"""The torrent of a model file: what its pieces are, told by an infohash that stands in the signed order. Blocks: use a thread.

BitTorrent v2, one file named by its digest, private. The same file always has the same infohash, whoever makes the torrent.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import libtorrent as lt

FEWEST_PIECES = 512
"""Of a large file, which has up to twice as many: enough for many nodes to be busy at once, few enough to cost nothing."""
SMALLEST_PIECE = 16 * 1024
"""The smallest that BitTorrent v2 has."""
MOST_BYTES = 4 * 1024 * 1024
"""More than any torrent has that is made here."""


class TorrentError(Exception):
    """This is not the torrent that was ordered."""


class Torrent(NamedTuple):
    """The content of a torrent file, and what it is known by."""

    infohash: str
    content: bytes


def make_torrent(path: Path, digest: str) -> Torrent:
    """The torrent of a file whose name is its digest; reads the whole file."""
    size = path.stat().st_size
    made = lt.create_torrent([lt.create_file_entry(digest, size)], piece_bytes(size), lt.create_torrent.v2_only)
    made.set_priv(True)
    lt.set_piece_hashes(made, str(path.parent))
    whole: Any = made.generate()
    return Torrent(
        _infohash(whole[b"info"]), lt.bencode({b"info": whole[b"info"], b"piece layers": whole[b"piece layers"]})
    )


def piece_bytes(size: int) -> int:
    """How large the pieces of a file are: a power of two."""
    return max(SMALLEST_PIECE, 1 << max(0, (size // FEWEST_PIECES).bit_length() - 1))


def read_torrent(content: bytes, digest: str, size: int, infohash: str | None = None) -> lt.add_torrent_params:
    """What libtorrent needs to fetch it. TorrentError unless it is a torrent of just that file, with that infohash if one is
    given."""
    name = digest.encode()
    try:
        whole: Any = lt.bdecode(content)
        info = whole[b"info"]
        [(only, file)] = info[b"file tree"].items()
        is_it = (only, info[b"name"], file[b""][b"length"], info[b"private"]) == (name, name, size, 1)
        if not is_it or infohash not in (None, _infohash(info)):
            raise TorrentError("the torrent is not the one that was ordered")
        return lt.load_torrent_buffer(content)
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise TorrentError(f"the torrent cannot be read: {error!r:.200}") from None


def _infohash(info: Any) -> str:
    return hashlib.sha256(lt.bencode(info)).hexdigest()
