"""`ringrift replay` of files: positions, lists of moves, and what is said of files that are damaged."""

import io
import json
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.output import HarmlessConsole, Output, printable
from cli.playback import Show, play_back
from play.arena import Arena
from play.games.registry import get_game
from play.players.random import RandomPlayer
from play.record import GameRecord
from play.schedule import plan_games
from shared.contract.configuration import Configuration


def recorded(board_type: str, players: int) -> list[GameRecord]:
    """A block of games between random players."""
    planned = plan_games(3, "random", players, players)
    arena = Arena(get_game(board_type, players), RandomPlayer(), RandomPlayer(), planned, opening_plies=4)
    games = sorted((each for ended in arena.play(players) for each in ended), key=lambda each: each.index)
    return [GameRecord.of(each, UUID(int=7), Configuration(board_type, players), "canonical") for each in games]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two games on hex8."""
    path = tmp_path / "games.jsonl"
    path.write_text("".join(each.model_dump_json() + "\n" for each in recorded("hex8", 2)))
    return path


def types(*words: str, typed: str = "") -> Result:
    """What comes of `ringrift replay` with these words."""
    return CliRunner().invoke(app, ["replay", *words], input=typed)


def test_the_moves_are_listed(file: Path) -> None:
    """A line for each, with its seat and its name in the notation of traces, and how the game ended."""
    heading, first, *_, end = types("--file", str(file), "--moves").stdout.splitlines()
    assert heading.startswith("game 0 against random, hex8_2p: the candidate has seat 1, ")
    assert first.startswith("   1  seat 1 (candidate)  place_ring|")
    assert end.startswith("it ended as a ")


def test_one_position_is_shown(file: Path) -> None:
    """The one after a move, or the start; a move that the game does not have is refused."""
    shown = types("--file", str(file), "--game", "1", "--to", "20").stdout
    assert shown.count("is to move") == 1
    assert "  20  seat " in shown
    start = types("--file", str(file), "--to", "0").stdout
    assert start.count("is to move: ring_placement") == 1
    assert "[" not in start
    none = types("--file", str(file), "--to", "9999")
    assert (none.exit_code, "there is none with the number 9999" in none.stderr) == (2, True)


def test_it_goes_on_when_asked(file: Path) -> None:
    """Enter shows the next move, and q is the end."""
    shown = types("--file", str(file), "--step", typed="\n\nq\n").stdout
    assert shown.count("Enter: next") == 3
    assert "   3  seat " in shown
    assert "   4  seat " not in shown


def test_programs_get_the_moves(file: Path) -> None:
    """As one object, with the scores."""
    told = json.loads(types("--file", str(file), "--game", "1", "--json").stdout)
    assert len(told["moves"]) == told["game"]["decisions"]
    assert told["game"]["index"] == 1
    assert sum(told["scores"]) == 1


def test_a_game_that_is_not_what_was_recorded_is_told(file: Path) -> None:
    """Exit code 1, with the move that is illegal or the result that differs."""
    first, second = file.read_text().splitlines()
    game = json.loads(first)
    turned = game | {"outcome": "win" if game["outcome"] == "loss" else "loss"}
    file.write_text(json.dumps(turned) + "\n")
    differs = types("--file", str(file), "--moves")
    assert (differs.exit_code, "recorded as" in differs.stderr) == (1, True)
    other = json.loads(second)
    file.write_text(json.dumps(game | {"moves": other["moves"], "decisions": other["decisions"], "seed": 1}) + "\n")
    assert types("--file", str(file), "--moves").exit_code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "there is no game 0: there are none"),
        (b"{", "line 1 is cut short"),
        (b"\x1b[2J\n", "line 1 is no recorded game"),
    ],
)
def test_a_file_that_holds_no_games_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    """Exit code 2, and the line."""
    path = tmp_path / "games.jsonl"
    path.write_bytes(content)
    done = types("--file", str(path))
    assert (done.exit_code, said in done.stderr) == (2, True), done.output
    missing = types("--file", str(tmp_path / "none"))
    assert (missing.exit_code, "cannot be read" in missing.stderr) == (2, True)
    assert types().exit_code == types("--file", str(path), str(UUID(int=1))).exit_code == 2


def test_nothing_that_was_recorded_steers_the_terminal(file: Path) -> None:
    """A text of a record is shown with its control characters spelt out."""
    game = json.loads(file.read_text().splitlines()[0]) | {
        "outcome": "errored",
        "units": None,
        "error": "\x1b[2J\a\x9b0m",
    }
    file.write_text(json.dumps(game) + "\n")
    done = types("--file", str(file), "--moves")
    assert "\x1b" not in done.output
    assert printable("\x1b[2J\a\x9b") == "\\x1b[2J\\x07\\x9b"


@pytest.mark.parametrize(("board_type", "players"), [("square8", 4), ("hex8", 3)])
def test_colours_are_for_terminals_alone(board_type: str, players: int) -> None:
    """In a terminal the seats have colours, and without them the same text stands there."""
    [record, *_] = recorded(board_type, players)
    texts = []
    for is_terminal in (False, True):
        output, shown = Output(as_json=False), io.StringIO()
        output.console = HarmlessConsole(
            file=shown,
            force_terminal=is_terminal,
            soft_wrap=True,
            highlight=False,
            color_system="standard" if is_terminal else None,
        )
        assert play_back(output, record, Show(to=30))
        texts.append(shown.getvalue())
    plain, coloured = texts
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
