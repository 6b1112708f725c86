"""Verifies: the evidence against the rows, every game against the rules, and a sample against its players."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from play.games.game import Game
from play.players.player import Player
from play.record import PlayedGame
from play.replay import ReplayError, replay
from play.verification.findings import Agreement, Finding, Verification
from play.verification.rows import faults_of
from play.verification.witness import Replayed, by_opponent, replay_by
from shared.contract.configuration import has_heuristic
from shared.contract.evidence import Evidence
from shared.contract.words import OpponentName

Players = Callable[[OpponentName], tuple[Player, Player]]


def verify(
    game: Game,
    evidence: Evidence,
    played: Sequence[PlayedGame],
    players: Players,
    sample: int | None,
    seed: int,
    engine: str,
) -> Verification:
    """Check a finished evaluation. `players`: candidate and opponent by the opponent's name; `sample`: how many games are played
    again, None for all, drawn by `seed`, which whoever played them must not know; `engine`: the fingerprint of what plays now."""
    broken = {(each.opponent, each.index): text for each in played if (text := _broken_rule(game, each))}
    chosen = list(played) if sample is None or sample >= len(played) else random.Random(seed).sample(played, sample)
    sound = [each for each in chosen if (each.opponent, each.index) not in broken]
    replayed = [*_replays(game, evidence, sound, players), *_broken(broken)]
    faults = faults_of(evidence, game.num_players, played, heuristic=has_heuristic(game.board_type))
    classes = Counter(each.agreement for each in replayed)
    return Verification(
        holds=not faults and not classes[Agreement.TAMPERED],
        faults=faults,
        games=len(played),
        replayed=len(sound),
        identical=classes[Agreement.IDENTICAL],
        float_ties=classes[Agreement.FLOAT_TIE],
        tampered=classes[Agreement.TAMPERED],
        findings=[Finding.model_validate(vars(each)) for each in replayed if each.detail is not None],
        engine=engine,
        engines=sorted({each.engine for each in played if each.engine is not None}),
    )


def _replays(game: Game, evidence: Evidence, chosen: Sequence[PlayedGame], players: Players) -> list[Replayed]:
    found: list[Replayed] = []
    for opponent, games in by_opponent(chosen):
        found += replay_by(game, *players(opponent), games, evidence.play.opening_plies)
    return sorted(found, key=lambda each: (each.opponent, each.index))


def _broken(broken: dict[tuple[OpponentName, int], str]) -> list[Replayed]:
    return [Replayed(name, index, Agreement.TAMPERED, text) for (name, index), text in sorted(broken.items())]


def _broken_rule(game: Game, played: PlayedGame) -> str | None:
    """Why the recorded moves do not lead to the recorded result."""
    try:
        replay(game, played)
    except (ReplayError, ValueError) as error:
        return str(error)
    return None
