"""The gauntlet's figures for Prometheus. They count what this process took in; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import Counter, Gauge

from play.record import PlayedGame
from play.verification.findings import Agreement, Verification
from services.gauntlet.backlog import Ahead, Standing
from services.gauntlet.cost import Cost
from shared.contract.words import CONFINEMENTS, OPPONENTS, Confinement

GAMES = Counter("ringrift_gauntlet_games", "Games that were reported and recorded, by opponent", ["opponent"])
SURPLUS = Counter("ringrift_gauntlet_surplus_games", "Games that were played and count for nothing")
CPU_SECONDS = Counter("ringrift_gauntlet_cpu_seconds", "Processor seconds that workers reported")
FORWARD_SECONDS = Counter("ringrift_gauntlet_forward_seconds", "Those of them that were spent in forward passes")
CLAIMS = Counter("ringrift_gauntlet_claims", "Claims of games that were handed out")
EXPIRED = Counter("ringrift_gauntlet_expired_claims", "Claims whose blocks were given to another worker")
DEATHS = Counter("ringrift_gauntlet_worker_deaths", "Workers that died while they played a model")
DISPUTES = Counter("ringrift_gauntlet_disputed_games", "Games that were reported otherwise than they were recorded")
CYCLES = Counter("ringrift_gauntlet_cycles", "Evaluations that ended with a circle among canonical versions")
CONFINED = Counter(
    "ringrift_gauntlet_confined_models", "Models that workers opened, by how far their machine confines", ["level"]
)
REPLAYED = Counter(
    "ringrift_gauntlet_replayed_games", "Games that were played again to verify them, by how they agree", ["agreement"]
)
VERIFICATIONS = Counter(
    "ringrift_gauntlet_verifications", "Verifications of evaluations, by what they found", ["outcome"]
)
LIVE_CLAIMS = Gauge("ringrift_gauntlet_live_claims", "Claims of games whose worker was heard of in time")
VERDICT_AGE = Gauge(
    "ringrift_gauntlet_verdict_age_seconds", "Since when the oldest evaluation that has not ended was asked for"
)
VERDICT_BOUND = Gauge("ringrift_gauntlet_verdict_bound_seconds", "How long an evaluation may be played")
BACKLOG_GAMES = Gauge("ringrift_gauntlet_backlog_games", "Games that are left to play at most")
BACKLOG_SECONDS = Gauge("ringrift_gauntlet_backlog_seconds", "Processor seconds that they take, as far as is known")
WAITING_WORKERS = Gauge("ringrift_gauntlet_waiting_workers", "Workers that wait for work at this process")

for _opponent in OPPONENTS:
    GAMES.labels(_opponent)
for _level in CONFINEMENTS:
    CONFINED.labels(_level)
for _agreement in Agreement:
    REPLAYED.labels(_agreement)
for _outcome in ("holds", "differs"):
    VERIFICATIONS.labels(_outcome)


class Noted:
    """Figures that wait for the transaction to be committed which makes them true."""

    def __init__(self) -> None:
        self._counts: list[Callable[[], None]] = []

    def later(self, count: Callable[[], None]) -> None:
        """To be called once it is committed."""
        self._counts.append(count)

    def count(self) -> None:
        """It is committed."""
        for each in self._counts:
            each()


def note(new: Sequence[PlayedGame], cost: Cost) -> None:
    """Games that were recorded, and what was told for the first time of what games cost."""
    for game in new:
        GAMES.labels(game.opponent).inc()
    SURPLUS.inc(cost.surplus_games)
    CPU_SECONDS.inc(cost.cpu_seconds)
    FORWARD_SECONDS.inc(cost.forward_seconds)


def note_claims(claims: int, expired: int) -> None:
    """Claims that were handed out, and how many of them for blocks of a silent worker."""
    CLAIMS.inc(claims)
    EXPIRED.inc(expired)


def note_confinement(level: Confinement | None) -> None:
    """A worker opened a model, and said how far it is confined, if it did."""
    if level is not None:
        CONFINED.labels(level).inc()


def note_verification(found: Verification) -> None:
    """An evaluation was verified."""
    VERIFICATIONS.labels("holds" if found.holds else "differs").inc()
    REPLAYED.labels(Agreement.IDENTICAL).inc(found.identical)
    REPLAYED.labels(Agreement.FLOAT_TIE).inc(found.float_ties)
    REPLAYED.labels(Agreement.TAMPERED).inc(found.tampered)


def note_standing(left: Ahead, standing: Standing, waiting_workers: int) -> None:
    """What is left to play, for how long it has been asked for, who plays, and who waits for work."""
    BACKLOG_GAMES.set(left.games)
    BACKLOG_SECONDS.set(left.seconds or 0)
    VERDICT_AGE.set(max(standing.oldest_seconds, 0))
    VERDICT_BOUND.set(standing.bound_seconds)
    LIVE_CLAIMS.set(standing.live_claims)
    WAITING_WORKERS.set(waiting_workers)
