"""Makes crash dossiers in the process that plays, which alone knows positions and their notation."""

from __future__ import annotations

from play.games.game import Game
from play.models.confined.errors import ConfinedError, ModelTooSlowError
from play.record import PlayedGame
from play.replay import ReplayError, steps
from services.gauntlet.worker.crash import MOST_STDERR, Crash
from shared.contract.words import LONGEST_REASON, CrashKind, storable


def of_errored(game: Game, played: PlayedGame, stderr: str) -> Crash:
    """Of a game that ended because a player had no move to give."""
    return _in_game(game, played, "game_errored", played.error or "", stderr)


def of_lost(game: Game, asked: list[PlayedGame], error: ConfinedError) -> Crash:
    """Of a model that can be asked no more. `asked`: the games that it was asked about last, as far as they got; one is told."""
    kind: CrashKind = "too_slow" if isinstance(error, ModelTooSlowError) else "worker_lost"
    if not asked:
        return _crash(kind, str(error), error.words)
    among = f"; it was asked about {len(asked)} games at once, of which this is the first" if len(asked) > 1 else ""
    return _in_game(game, asked[0], kind, f"{str(error)[:1500]}{among}", error.words)


def _in_game(game: Game, played: PlayedGame, kind: CrashKind, reason: str, stderr: str) -> Crash:
    try:
        notation = "\n".join(step.action for step in steps(game, played))
    except ReplayError as error:
        notation = f"the moves cannot be told: {error}"
    return _crash(kind, reason, stderr).after(played, notation)


def _crash(kind: CrashKind, reason: str, stderr: str) -> Crash:
    said = storable(stderr[-MOST_STDERR:], MOST_STDERR)
    return Crash(kind=kind, reason=storable(reason, LONGEST_REASON), stderr=said)
