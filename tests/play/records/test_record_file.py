"""Files of recorded games: read line by line, and never believed."""

import io
import json
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from play.arena import Arena
from play.games.registry import get_game
from play.players.random import RandomPlayer
from play.record import GameRecord
from play.record_file import LONGEST_LINE, RecordError, find, record_of, records
from play.replay import ReplayError, replay, steps
from play.schedule import plan_games
from shared.contract.configuration import Configuration

GAME = get_game("hex8", 2)


def recorded() -> list[GameRecord]:
    """Four games between random players."""
    arena = Arena(GAME, RandomPlayer(), RandomPlayer(), plan_games(3, "random", 4, 2), opening_plies=4)
    games = sorted((each for ended in arena.play(4) for each in ended), key=lambda each: each.index)
    return [GameRecord.of(each, UUID(int=7), Configuration("hex8", 2), "canonical") for each in games]


RECORDED = recorded()
LINES = b"".join(each.model_dump_json().encode() + b"\n" for each in RECORDED)


def test_what_was_written_is_read() -> None:
    """Every game, whole."""
    assert list(records(io.BytesIO(LINES))) == RECORDED
    assert [record_of(each.model_dump(mode="json")) for each in RECORDED] == RECORDED


def test_a_game_is_found_by_its_index() -> None:
    """Against an opponent, or the first that has such a game; otherwise it is said which there are."""
    assert find(records(io.BytesIO(LINES)), "random", 3) == find(RECORDED, None, 3) == RECORDED[3]
    with pytest.raises(RecordError, match="no game 4: there are 0 to 3 against random"):
        find(RECORDED, None, 4)
    with pytest.raises(RecordError, match="no game 0 against previous: there are 0 to 3 against random"):
        find(RECORDED, "previous", 0)
    with pytest.raises(RecordError, match="there are none"):
        find(records(io.BytesIO(b"")), None, 0)


def test_a_half_written_file_is_told() -> None:
    """The games before the cut are read, and the line that is cut is named."""
    half = records(io.BytesIO(LINES[: -len(LINES) // 8]))
    assert next(half) == RECORDED[0]
    with pytest.raises(RecordError, match="line 4 is cut short"):
        list(half)


def spoilt(**changed: Any) -> bytes:
    """A line with one game in which something differs."""
    return json.dumps(json.loads(RECORDED[0].model_dump_json()) | changed).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\n", "line 1 is no recorded game"),
        (b"[]\n", "line 1 is no recorded game"),
        (b"\xff\xfe\n", "line 1 is no recorded game"),
        (b"[" * 100_000 + b"\n", "line 1 is no recorded game"),
        (b"x" * (LONGEST_LINE + 2), f"line 1 has more than {LONGEST_LINE} bytes"),
        (spoilt(seed=2**70), "seed"),
        (spoilt(seat=2), "seat 2 of hex8_2p"),
        (spoilt(configuration="chess_2p"), "configuration"),
        (spoilt(profile="../x"), "profile"),
        (spoilt(more=1), "more"),
    ],
)
def test_what_is_no_record_is_refused(line: bytes, message: str) -> None:
    """The line is named, and what is wrong with it."""
    with pytest.raises(RecordError, match=message):
        list(records(io.BytesIO(line)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_file_is_a_game_or_a_refusal(data: st.DataObject) -> None:
    """Bytes that were changed anywhere are refused when they are read or when they are played, and raise nothing else."""
    spoilt = bytearray(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    with suppress(RecordError, ReplayError):
        for each in records(io.BytesIO(bytes(spoilt))):
            if each.configuration == "hex8_2p":
                replay(GAME, each)


def test_a_game_is_stepped_through() -> None:
    """Each decision with its number, seat and name, and the position that it leads to; the last one is the end."""
    played = list(steps(GAME, RECORDED[0]))
    assert [each.number for each in played] == list(range(1, RECORDED[0].decisions + 1))
    assert played[0].action.startswith("place_ring|")
    assert {each.seat for each in played} == {0, 1}
    assert GAME.over(played[-1].states)[0]


@pytest.mark.parametrize("moves", ["AAAA", "#", "", RECORDED[1].moves])
def test_moves_that_are_none_are_told(moves: str) -> None:
    """Whoever steps through such a game hears where it is damaged."""
    with pytest.raises(ReplayError, match="game 0 against random"):
        list(steps(GAME, RECORDED[0].model_copy(update={"moves": moves})))
