"""What a worker may report: games of its claim, as they were planned, with results that a game can have. Pure.

That they were played as its players play is not checked here; verification does that, on any machine, afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from play.record import PlayedGame, decode_rows
from play.schedule import PlannedGame, plan_games
from services.gauntlet.claim import Claim
from services.gauntlet.errors import ReportRefusedError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.worker.crash import Crash
from shared.contract.gate import units_per_game
from shared.contract.words import Outcome


def require_planned(evaluation: Evaluation, claim: Claim, games: Sequence[PlayedGame]) -> None:
    """ReportRefusedError for the first game that cannot be one of this claim."""
    if not games:
        return
    if claim.blocks is None:
        raise ReportRefusedError("no games were claimed: the model was only to be loaded")
    opponent, first, number = claim.blocks
    num_players = evaluation.configuration.num_players
    planned = plan_games(evaluation.playable.seed, opponent, first + number, num_players, first)
    plans = {each.index: each for each in planned}
    for each in games:
        _require_one(each, plans.get(each.index), claim, num_players)
    _require_whole_blocks(games, num_players)


def require_of_claim(claim: Claim, crash: Crash) -> None:
    """ReportRefusedError for a dossier of a game that is not one of this claim."""
    of_claim = claim.blocks is not None and crash.opponent == claim.blocks.opponent and crash.index in claim.blocks
    if crash.index is not None and not of_claim:
        raise ReportRefusedError(
            f"the crashed game {crash.index} against {crash.opponent} is not one of the claimed ones"
        )


def _require_one(game: PlayedGame, plan: PlannedGame | None, claim: Claim, num_players: int) -> None:
    name = f"game {game.index} against {game.opponent}"
    if plan is None or game.opponent != plan.opponent:
        raise ReportRefusedError(f"{name} is not one of the claimed ones: {claim.blocks}")
    if PlannedGame.of(game) != plan:
        raise ReportRefusedError(f"{name} is not as it was planned: expected {plan}")
    if game.units not in _possible_units(game.outcome, num_players):
        of = units_per_game(num_players)
        raise ReportRefusedError(f"{name} cannot be {game.outcome} with {game.units} units of {of}")
    if (game.error is not None) != (game.outcome == "errored"):
        raise ReportRefusedError(f"{name}: an errored game says why, and no other does")
    if _decisions(game) != game.decisions:
        raise ReportRefusedError(f"{name} has {game.decisions} decisions, and its moves are not so many")


def _possible_units(outcome: Outcome, num_players: int) -> Collection[int | None]:
    """The scores of such a game: sole first is a win, shared first a draw."""
    most = units_per_game(num_players)
    scored: dict[str, Collection[int | None]] = {
        "win": [most], "draw": range(num_players - 1, most), "loss": range(most - 1),
    }  # fmt: skip
    return scored.get(outcome, [None])


def _decisions(game: PlayedGame) -> int | None:
    """How many moves it has; None where they are none."""
    try:
        return len(decode_rows(game.moves))
    except ValueError:
        return None


def _require_whole_blocks(games: Sequence[PlayedGame], num_players: int) -> None:
    reported = {each.index for each in games}
    if len(reported) != len(games):
        raise ReportRefusedError("a game is reported twice at once")
    for index in reported:
        block = index // num_players * num_players
        if not reported.issuperset(range(block, block + num_players)):
            raise ReportRefusedError(
                f"the block of game {index} is not whole: games {block} to {block + num_players - 1}"
            )


def is_same(recorded: PlayedGame, reported: PlayedGame) -> bool:
    """Whether both are the same game; which engine played it, and how it shared out its batches, is not the game's."""
    return (recorded.moves, recorded.outcome, recorded.units) == (reported.moves, reported.outcome, reported.units)
