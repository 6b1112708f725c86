"""The zip that torch.save writes: opened strictly, checked whole, its records read where they lie.

Nothing is unpacked: records that are compressed are refused, so a file is as large unpacked as packed. What torch's own reader
leaves unchecked is checked here: the checksum of every record.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from play.models.formats.format import CheckpointError, shown
from play.models.formats.kinds import SAVE, advice_on_zip

HEAD = b"PK\x03\x04"
END = b"PK\x05\x06"
BROKEN = (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError)
MOST_CODE = 1024 * 1024
MOST_DIRECTORY = 4 * 1024 * 1024
"""How long the list of a zip's records may be."""
CHUNK = 1024 * 1024
_LOCAL = struct.Struct("<4s22xHH")
_TAIL = 65_557
_WHOLE = "it was not written whole or not copied whole; write it under another name, then rename it"


class Record(NamedTuple):
    """Where a record's bytes lie in the file."""

    start: int
    size: int


class TorchZip:
    """A whole and undamaged file of torch.save. `names`: its records, without the folder that they all stand in."""

    def __init__(self, stream: IO[bytes], records: dict[str, Record]) -> None:
        self._stream, self._records = stream, records
        self.names = frozenset(records)

    def read(self, name: str, offset: int = 0, size: int | None = None) -> bytes:
        """Some bytes of a record, all by default. CheckpointError when it has not so many."""
        record = self.record(name)
        wanted = record.size if size is None else size
        if offset + wanted > record.size:
            raise CheckpointError(f"its record {shown(name)} has {record.size} bytes, and its index says more")
        self._stream.seek(record.start + offset)
        return self._stream.read(wanted)

    def record(self, name: str) -> Record:
        """Where a record lies. CheckpointError when there is none."""
        if name not in self._records:
            raise CheckpointError(f"its record {shown(name)} is missing; the file is damaged")
        return self._records[name]


class _Bounded(io.RawIOBase):
    """A file from which only so much is read at once, so that no false length takes memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        data = b"" if size > MOST_DIRECTORY else self._stream.read(size if size >= 0 else MOST_DIRECTORY + 1)
        if max(size, len(data)) > MOST_DIRECTORY:
            raise CheckpointError(f"the list of its records has more than {MOST_DIRECTORY} bytes")
        return data


def is_program(path: Path) -> bool:
    """Whether it is the zip of a TorchScript archive, which has code beside the weights."""
    try:
        with path.open("rb") as stream, zipfile.ZipFile(_Bounded(stream)) as archive:
            return _has_code(archive.namelist())
    except (*BROKEN, CheckpointError):
        return False


def open_torch_zip(stream: IO[bytes], path: Path, *, program: bool = False) -> TorchZip:
    """The records of a file, every one of them checked; `program`: those of a TorchScript archive, whose code may be compressed.

    CheckpointError says what is wrong with it.
    """
    entries = _entries(stream, program=program)
    folder = entries[0].filename.partition("/")[0]
    whole = path.stat().st_size
    records: dict[str, Record] = {}
    ends = [entry.header_offset for entry in entries[1:]] + [whole]
    for entry, end in zip(entries, ends, strict=True):
        record = _record(stream, entry, end)
        _check_sum(stream, entry, record)
        records[entry.filename.removeprefix(f"{folder}/")] = record
    return TorchZip(stream, records)


def _entries(stream: IO[bytes], *, program: bool) -> list[zipfile.ZipInfo]:
    """The records in the order in which they lie in the file; proper ones only."""
    try:
        with zipfile.ZipFile(_Bounded(stream)) as archive:
            entries = archive.infolist()
    except BROKEN as error:
        raise CheckpointError(_broken(stream, error)) from error
    for entry in entries:
        _check_name(entry)
    _check_kind([entry.filename for entry in entries], program=program)
    for entry in entries:
        if not (program and _is_code(entry)):
            _check_storing(entry)
    if len({entry.filename for entry in entries}) != len(entries):
        raise CheckpointError("its zip has two records of one name, and is refused")
    if entries and all(entry.CRC == 0 for entry in entries):
        raise CheckpointError(
            "it was saved without checksums, so that damage cannot be seen; torch.serialization.set_crc32_options(True), "
            "then save it again"
        )
    entries.sort(key=lambda entry: entry.header_offset)
    if entries and entries[0].header_offset != 0:
        raise CheckpointError("its zip has something before the first record, and is refused")
    return entries


def _broken(stream: IO[bytes], error: Exception) -> str:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(size - _TAIL, 0))
    if END not in stream.read(_TAIL):
        return f"it is torn: a zip of {size} bytes without its end, truncated; {_WHOLE}"
    return f"its zip is damaged: {shown(str(error), 200)}; {_WHOLE}"


def _check_name(entry: zipfile.ZipInfo) -> None:
    name, mode = entry.filename, entry.external_attr >> 16
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or "\0" in entry.orig_filename or ".." in parts or ":" in parts[0]:
        raise CheckpointError(f"its zip has a record with the path {shown(entry.orig_filename)}, and is refused")
    if stat.S_ISLNK(mode) or name.endswith("/"):
        raise CheckpointError(f"its zip has a link or a folder, {shown(name)}, and is refused")


def _check_storing(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.flag_bits & 1:
        raise CheckpointError("its zip is encrypted, and is refused")
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise CheckpointError(
            f"its zip is compressed ({entry.compress_size} bytes of {shown(name)} would unpack to {entry.file_size}), which "
            f"torch.save never does; save it again: {SAVE}"
        )


def _has_code(names: list[str]) -> bool:
    return any("/code/" in name or name.endswith("/constants.pkl") for name in names)


def _is_code(entry: zipfile.ZipInfo) -> bool:
    """Whether it is source code, of a length that it can have, which torch compresses."""
    small = entry.file_size <= MOST_CODE and not entry.flag_bits & 1
    return small and "/code/" in entry.filename and entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _check_kind(names: list[str], *, program: bool) -> None:
    """Refuse a zip that is no file of torch.save: all its records stand in one folder, the index among them."""
    folders = {name.partition("/")[0] for name in names}
    folder = next(iter(folders), "")
    if len(folders) != 1 or f"{folder}/data.pkl" not in names:
        raise CheckpointError(advice_on_zip(names))
    if not program and _has_code(names):
        raise CheckpointError(
            f"it is a TorchScript archive, a program of its own, which is not run here; save the weights alone: {SAVE}"
        )


def _record(stream: IO[bytes], entry: zipfile.ZipInfo, end: int) -> Record:
    """Where a record's bytes are by its own header, which must agree with the list."""
    stream.seek(entry.header_offset)
    mark, name_size, extra_size = _LOCAL.unpack(stream.read(_LOCAL.size).ljust(_LOCAL.size, b"\0"))
    given = stream.read(name_size)
    listed = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437", "surrogateescape")
    start = entry.header_offset + _LOCAL.size + name_size + extra_size
    if mark != HEAD or given != listed or start + entry.compress_size > end:
        raise CheckpointError(f"its zip is damaged: the record {shown(entry.filename)} is not where its list says")
    return Record(start, entry.compress_size)


def _check_sum(stream: IO[bytes], entry: zipfile.ZipInfo, record: Record) -> None:
    found = 0
    for chunk in _chunks(stream, record) if entry.compress_type == zipfile.ZIP_STORED else _code(stream, record):
        found = zlib.crc32(chunk, found)
    if found != entry.CRC:
        raise CheckpointError(
            f"it is damaged: the bytes of its record {shown(entry.filename)} do not have the checksum that they were saved with; "
            "copy it again from where it was written"
        )


def _code(stream: IO[bytes], record: Record) -> Iterator[bytes]:
    """The one piece of compressed source code, no more of it than it can have."""
    stream.seek(record.start)
    with suppress(zlib.error):  # its checksum says so
        yield zlib.decompressobj(-zlib.MAX_WBITS).decompress(stream.read(record.size), MOST_CODE)


def _chunks(stream: IO[bytes], record: Record) -> Iterator[bytes]:
    stream.seek(record.start)
    left = record.size
    while left and (chunk := stream.read(min(left, CHUNK))):
        left -= len(chunk)
        yield chunk
