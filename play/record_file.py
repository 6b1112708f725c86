"""Files of recorded games: JSON lines, each a whole game. Nothing in one is believed: what is no game is told with its line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from pydantic import ValidationError

from play.record import GameRecord
from shared.contract.words import OpponentName

LONGEST_LINE = 1024 * 1024
"""Bytes; the longest game that can be recorded takes less than a tenth."""


class RecordError(Exception):
    """What was read is no record of games, or has no such game; the text says where and why."""


def records(stream: IO[bytes]) -> Iterator[GameRecord]:
    """The games of a file, one held at a time. RecordError at the first line that is none."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise RecordError(f"line {number} has more than {LONGEST_LINE} bytes: no game has")
        if not line.endswith(b"\n"):
            raise RecordError(f"line {number} is cut short: the file was not written to its end")
        yield _record(number, line)


def find(games: Iterable[GameRecord], opponent: OpponentName | None, index: int) -> GameRecord:
    """The game with that index against that opponent, or against the first that has one. RecordError tells which there are."""
    seen: dict[OpponentName, int] = {}
    for each in games:
        if each.index == index and opponent in (None, each.opponent):
            return each
        seen[each.opponent] = max(each.index, seen.get(each.opponent, 0))
    there = ", ".join(f"0 to {last} against {name}" for name, last in seen.items())
    against = f" against {opponent}" if opponent else ""
    raise RecordError(f"there is no game {index}{against}: there are {there or 'none'}")


def record_of(game: Mapping[str, object]) -> GameRecord:
    """A game that was received. RecordError if it is none."""
    try:
        return GameRecord.model_validate_json(json.dumps(game))
    except ValidationError as error:
        raise RecordError(f"it is no recorded game: {_first(error)}") from None


def _record(number: int, line: bytes) -> GameRecord:
    try:
        return GameRecord.model_validate_json(line)
    except ValidationError as error:
        raise RecordError(f"line {number} is no recorded game: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
