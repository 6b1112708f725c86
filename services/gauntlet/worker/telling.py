"""A replay job: a recorded game is played again by the rules and told move by move. It opens no model and keeps nothing."""

from __future__ import annotations

from play.games.registry import get_game
from play.telling import tell
from services.gauntlet.worker.job import JobFailed, Replayed, ReplayJob


def run(job: ReplayJob) -> Replayed | JobFailed:
    """The game, or why nobody here can tell it: its rules are not installed."""
    try:
        game = get_game(job.board_type, job.num_players, job.profile)
    except ValueError as error:
        return JobFailed(code="internal", reason=str(error))
    return Replayed(replay=tell(game, job.played))
