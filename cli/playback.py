"""A recorded game in the terminal: its moves by name, its positions drawn, its end held against the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text
from ringrift_client import FrontDoorError

from cli.output import Output
from shared.contract.configuration import Configuration

if TYPE_CHECKING:
    from play.games.drawing import Drawn, Line
    from play.games.game import Game
    from play.record import GameRecord
    from play.replay import Step

COLOURS = ("bold cyan", "bold yellow", "bold magenta", "bold green")
"""Of the seats, in a terminal; every cell says its seat without them too."""


@dataclass(frozen=True)
class Show:
    """What is shown: the position after one move alone, the moves without positions, or all, move by move on Enter."""

    to: int | None = None
    moves: bool = False
    step: bool = False


def play_back(output: Output, record: GameRecord, show: Show) -> bool:
    """Show a game; returns whether it is what was recorded. FrontDoorError for a move that it does not have, or rules that are
    not here."""
    from play.replay import ReplayError, replay

    game = _rules_of(record)
    if show.to is not None and show.to > record.decisions:
        raise FrontDoorError(f"the game has {record.decisions} moves: there is none with the number {show.to}")
    output.say(_heading(record), style="bold")
    try:
        listed = _show_moves(output, game, record, show)
        scores = replay(game, record)
    except ReplayError as error:
        output.fail(str(error))
        return False
    output.say(_ending(record, scores))
    about = record.model_dump(mode="json", exclude={"moves"})
    output.result({"game": about, "moves": listed, "scores": scores})
    return True


def _rules_of(record: GameRecord) -> Game:
    from play.games.registry import get_game

    configuration = Configuration.parse(record.configuration)
    try:
        return get_game(configuration.board_type, configuration.num_players, record.profile)
    except ValueError as error:
        raise FrontDoorError(str(error)) from None


def _show_moves(output: Output, game: Game, record: GameRecord, show: Show) -> list[dict[str, Any]]:
    """The moves, each shown as it is played."""
    from play.games.drawing import Drawn
    from play.replay import opening, steps

    drawn = game if isinstance(game, Drawn) and not show.moves else None
    if drawn and not show.to:
        _draw(output, drawn.draw(opening(game, record), 0))
    listed: list[dict[str, Any]] = []
    for step in steps(game, record):
        if show.to is not None and step.number > show.to:
            break
        listed.append({"number": step.number, "seat": step.seat, "action": step.action})
        if drawn is None or show.to in (None, step.number):
            output.say(f"{step.number:4}  seat {step.seat + 1}{_role(record, step.seat)}  {step.action}")
            _draw_step(output, drawn, step)
            if show.step and not output.as_json and output.console.input("Enter: next, q: end  ").strip() == "q":
                break
    return listed


def _draw_step(output: Output, drawn: Drawn | None, step: Step) -> None:
    if drawn is not None:
        _draw(output, drawn.draw(step.states, 0, step.row))


def _draw(output: Output, lines: list[Line]) -> None:
    """A position; colours are rich's to leave out where there is no terminal."""
    for line in lines:
        pieces = [(piece.text, "" if piece.seat is None else COLOURS[piece.seat]) for piece in line]
        output.show(Text.assemble(*pieces))
    output.say("")


def _role(record: GameRecord, seat: int) -> str:
    return " (candidate)" if seat == record.seat else f" ({record.opponent})"


def _heading(record: GameRecord) -> str:
    seats = f"the candidate has seat {record.seat + 1}"
    return f"game {record.index} against {record.opponent}, {record.configuration}: {seats}, {record.decisions} moves"


def _ending(record: GameRecord, scores: list[float] | None) -> str:
    why = f": {record.error}" if record.error else ""
    if scores is None:
        return f"it ended {record.outcome}{why}, without a score"
    shown = ", ".join(f"seat {seat + 1} {score:.2f}" for seat, score in enumerate(scores))
    return f"it ended as a {record.outcome} for the candidate; scores: {shown}"
