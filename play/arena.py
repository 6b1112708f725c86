"""Planned games against one opponent, advanced together: in each step one player chooses in all games that wait for it.

It plays and records; it does not judge, and it has no player of its own: a game whose player gives no move is errored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from play.games.game import Game, Int16s, Int64s, States
from play.players.player import Player, PlayerError
from play.record import MoveLog, PlayedGame, encode_rows
from play.schedule import PlannedGame
from shared.contract.gate import units_per_game
from shared.contract.words import Outcome


def score_of(game: Game, states: States, index: int, seat: int) -> tuple[Outcome, int]:
    """Outcome and score units of the seat in a finished game: sole first is a win, shared first a draw."""
    scores = game.scores(states, np.array([index], np.int64))[0]
    own, best_other = float(scores[seat]), float(np.delete(scores, seat).max())
    outcome: Outcome = "win" if own > best_other else "draw" if own == best_other else "loss"
    return outcome, round(own * units_per_game(game.num_players))


def evaluations_of(player: Player) -> int:
    """Positions that the player's network has evaluated; 0 for a player without one."""
    return int(getattr(player, "evaluations", 0))


class Arena:
    """The planned games, with `lanes` of them in flight at once.

    All games lie in one batch from the start; a lane is a place among those that advance. A game depends only on its
    seeds and its players' choices, never on which games are beside it.
    """

    def __init__(
        self,
        game: Game,
        candidate: Player,
        opponent: Player,
        planned: Sequence[PlannedGame],
        opening_plies: int,
        engine: str | None = None,
    ) -> None:
        """`engine`: the fingerprint that is kept with each game. `begun`: games that were given a lane so far."""
        self.begun = 0
        self._game = game
        self._candidate = candidate
        self._opponent = opponent
        self._planned = planned
        self._engine = engine
        self._seats = np.array([each.seat for each in planned], np.int64)
        self._made = MoveLog(len(planned))
        self._evaluations = np.zeros(len(planned), np.int64)
        self._errors: dict[int, str] = {}
        self._is_errored = np.zeros(len(planned), np.bool_)
        self._asked = np.zeros(0, np.int64)
        self._states = game.new(np.array([each.seed for each in planned], np.int64))
        self._play_openings(opening_plies)

    def play(self, lanes: int) -> Iterator[list[PlayedGame]]:
        """Play all games, earliest planned first; yields those that end together, in no promised order, and after every other
        step an empty list, so that its caller can look round."""
        live = np.arange(min(lanes, len(self._planned)))
        self.begun = len(live)
        while len(live):
            over = self._game.over(self._states)
            has_ended = over[live] | self._is_errored[live] | (self._made.counts[live] >= self._game.max_decisions)
            if has_ended.any():
                yield [self._record(int(index), over=bool(over[index])) for index in live[has_ended]]
                live = live[~has_ended]
                more = np.arange(self.begun, min(self.begun + lanes - len(live), len(self._planned)))
                self.begun += len(more)
                live = np.concatenate([live, more])
            else:
                self._advance(live)
                yield []

    def asked(self) -> list[PlayedGame]:
        """The games in which a player was asked for a decision last, as they were then: for whoever is not answered."""
        return [self._record(int(index), over=False) for index in self._asked]

    def _play_openings(self, plies: int) -> None:
        """The first decisions, drawn in scratch games that carry the opening's seed, and repeated in the games.

        So the games of a block share their opening, and go on by their own seeds.
        """
        scratch = self._game.new(np.array([each.opening_seed for each in self._planned], np.int64))
        for _ in range(min(plies, self._game.max_decisions)):
            which = np.flatnonzero(~self._game.over(scratch)).astype(np.int64)
            rows = self._game.random_rows(scratch, which)
            self._game.apply(scratch, which, rows)
            self._apply(which, rows)

    def _advance(self, live: Int64s) -> None:
        """One decision by the player for whom most of the live games wait: the fewest evaluations, each of the most positions."""
        own = self._game.mover(self._states)[live] == self._seats[live]
        if 2 * np.count_nonzero(own) >= len(live):
            self._decide(self._candidate, live[own])
        else:
            self._decide(self._opponent, live[~own])

    def _decide(self, player: Player, which: Int64s) -> None:
        """One decision by one player in each of the named games, errored where it has none to give."""
        while len(which):
            moves = self._game.legal_moves(self._states, which)
            before, self._asked = evaluations_of(self._candidate), which
            try:
                chosen = player.choose(self._game, self._states, which, moves)
            except PlayerError as error:
                which = self._without_failed(player, which, error)
                continue
            self._share_out(which, evaluations_of(self._candidate) - before)
            self._apply(which, moves.rows[moves.offsets[:-1] + chosen])
            return

    def _without_failed(self, player: Player, which: Int64s, error: PlayerError) -> Int64s:
        failed = np.isin(which, error.indices)
        if not failed.any():
            raise RuntimeError(f"{player.name} failed without naming a game it was asked about: {error}") from error
        role = "candidate" if player is self._candidate else "opponent"
        self._errors.update({int(index): f"{role} ({player.name}): {error.reason}" for index in which[failed]})
        self._is_errored[which[failed]] = True
        return which[~failed]

    def _share_out(self, which: Int64s, evaluations: int) -> None:
        """Book positions evaluated for several games at once: evenly, the total kept exact."""
        each, left = divmod(evaluations, len(which))
        self._evaluations[which] += each
        self._evaluations[which[:left]] += 1

    def _apply(self, which: Int64s, rows: Int16s) -> None:
        self._game.apply(self._states, which, rows)
        self._made.add(which, rows)

    def _record(self, index: int, *, over: bool) -> PlayedGame:
        planned = self._planned[index]
        outcome, units = self._outcome(index, over)
        return PlayedGame(
            opponent=planned.opponent,
            index=planned.index,
            seed=planned.seed,
            opening_seed=planned.opening_seed,
            seat=planned.seat,
            outcome=outcome,
            units=units,
            decisions=int(self._made.counts[index]),
            network_evaluations=int(self._evaluations[index]),
            moves=encode_rows(self._made.of(index)),
            error=self._errors.get(index),
            engine=self._engine,
        )

    def _outcome(self, index: int, over: bool) -> tuple[Outcome, int | None]:
        if index in self._errors:
            return "errored", None
        if not over:
            return "truncated", None
        return score_of(self._game, self._states, index, self._planned[index].seat)
