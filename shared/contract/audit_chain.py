"""The audit as chains, one for each configuration: a row's canonical form, its hash, and what is wrong with rows read back. Pure.

The hash of a row is the SHA-256 of its canonical form: the row as a JSON object without its member `hash`, as RFC 8785 writes it,
in UTF-8, members in the order of their names, nothing between the tokens, no escape that JSON does not ask for. Values are texts,
whole numbers, booleans, null, and objects of these. `previous` is the hash of the row before in the same configuration, null in the
first; `sequence` counts from 1. What concerns no configuration, such as API keys, is a chain of its own, with null for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.contract.words import ChainFault

Row = Mapping[str, Any]
MOST_WHOLE = 2**53
"""From here on JSON's readers do not agree on whole numbers."""
MOST_FAULTS = 100
"""So many are told one by one; the others are counted."""


class Actor(NamedTuple):
    """Who does something: the name of their key, or the service, and the address that they call from."""

    name: str
    address: str | None = None


class ChainHead(NamedTuple):
    """The last row of a chain: whoever keeps it elsewhere notices that the end was cut off."""

    configuration: str | None
    sequence: int
    hash: str


class Fault(NamedTuple):
    """What is wrong with a row. `detail`: in words."""

    configuration: str | None
    sequence: int | None
    kind: ChainFault
    detail: str


def canonical(row: Row) -> bytes:
    """What the hash of a row is of. ValueError for a value that has no place in a row."""
    content = {name: value for name, value in row.items() if name != "hash"}
    _require_plain(content)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_of(row: Row) -> str:
    """The hash that a row has to have. ValueError as for its canonical form."""
    return hashlib.sha256(canonical(row)).hexdigest()


def name_of(configuration: str | None) -> str:
    """A chain in words."""
    return configuration or "what concerns no configuration"


@dataclass
class Chains:
    """Takes the rows of an audit one after the other, oldest first, and says what is wrong with them.

    `known`: the heads of chains as they were before; a row that was one has to be there still, with the same hash.
    """

    known: Iterable[ChainHead] = ()
    faults: list[Fault] = field(default_factory=list)
    rows: int = 0
    more_faults: int = 0
    _heads: dict[str | None, ChainHead] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known = {(each.configuration, each.sequence): each.hash for each in self.known}

    @property
    def heads(self) -> list[ChainHead]:
        """The last row of each chain so far."""
        return sorted(self._heads.values(), key=lambda each: each.configuration or "")

    @property
    def is_intact(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.faults

    def take(self, row: Row) -> None:
        """The next row."""
        self.rows += 1
        here = _head(row)
        if here is None:
            return self.note(None, None, "changed", f"row {self.rows} of the list is no row of an audit")
        if not _has_its_hash(row):
            self._note(here, "changed", "what it says does not have its hash")
        self._compare(here)
        self._append(here, row.get("previous"))

    def finish(self) -> None:
        """There are no more rows: what was known before and did not come is missing."""
        for configuration, sequence in self._known:
            gone = ChainHead(configuration, sequence, "")
            self._note(gone, "missing", "it was the last when the heads were kept, and is gone, as all after it")

    def note(self, configuration: str | None, sequence: int | None, kind: ChainFault, detail: str) -> None:
        """Something is wrong."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(configuration, sequence, kind, detail))
        else:
            self.more_faults += 1

    def _note(self, at: ChainHead, kind: ChainFault, what: str) -> None:
        self.note(at.configuration, at.sequence, kind, f"row {at.sequence} of {name_of(at.configuration)}: {what}")

    def _compare(self, here: ChainHead) -> None:
        known = self._known.pop((here.configuration, here.sequence), here.hash)
        if known != here.hash:
            self._note(here, "changed", "it is not the row that was the last when the heads were kept")

    def _append(self, here: ChainHead, previous: object) -> None:
        last = self._heads.get(here.configuration)
        expected = last.sequence + 1 if last else 1
        if here.sequence < expected:
            return self._note(here, "misplaced", f"it comes after row {expected - 1}")
        if here.sequence > expected:
            which = f"row {expected}" if here.sequence == expected + 1 else f"rows {expected} to {here.sequence - 1}"
            lost = f"{which} of {name_of(here.configuration)}: missing before row {here.sequence}"
            self.note(here.configuration, expected, "missing", lost)
        elif previous != (last.hash if last else None):
            self._note(last or here, "changed", f"row {here.sequence} was written after another one")
        self._heads[here.configuration] = here


def _require_plain(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if abs(value) < MOST_WHOLE:
            return
        case Mapping():
            for name, each in value.items():
                _require_plain(name)
                _require_plain(each)
        case _:
            raise ValueError(f"{value!r} has no canonical form")


def _has_its_hash(row: Row) -> bool:
    try:
        return bool(hash_of(row) == row["hash"])
    except (ValueError, RecursionError):
        return False


def _head(row: Row) -> ChainHead | None:
    """Where a row says that it stands; None if it does not."""
    configuration, sequence, hash = (row.get(name) for name in ("configuration", "sequence", "hash"))
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        return None
    if not isinstance(configuration, str | None) or not isinstance(hash, str):
        return None
    return ChainHead(configuration, sequence, hash)
