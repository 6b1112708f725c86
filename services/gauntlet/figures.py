"""The gauntlet's figures for Prometheus. They count what this process took in; nothing is decided by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import Counter, Gauge

from play.record import PlayedGame
from services.gauntlet.backlog import Ahead
from services.gauntlet.cost import Cost

GAMES = Counter("ringrift_gauntlet_games", "Games that were reported and recorded, by opponent", ["opponent"])
SURPLUS = Counter("ringrift_gauntlet_surplus_games", "Games that were played and count for nothing")
CPU_SECONDS = Counter("ringrift_gauntlet_cpu_seconds", "Processor seconds that workers reported")
FORWARD_SECONDS = Counter("ringrift_gauntlet_forward_seconds", "Those of them that were spent in forward passes")
CLAIMS = Counter("ringrift_gauntlet_claims", "Claims of games that were handed out")
EXPIRED = Counter("ringrift_gauntlet_expired_claims", "Claims whose blocks were given to another worker")
DEATHS = Counter("ringrift_gauntlet_worker_deaths", "Workers that died while they played a model")
DISPUTES = Counter("ringrift_gauntlet_disputed_games", "Games that were reported otherwise than they were recorded")
CYCLES = Counter("ringrift_gauntlet_cycles", "Evaluations that ended with a circle among canonical versions")
BACKLOG_GAMES = Gauge("ringrift_gauntlet_backlog_games", "Games that are left to play at most")
BACKLOG_SECONDS = Gauge("ringrift_gauntlet_backlog_seconds", "Processor seconds that they take, as far as is known")
WAITING_WORKERS = Gauge("ringrift_gauntlet_waiting_workers", "Workers that wait for work at this process")


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


def note_backlog(left: Ahead, waiting_workers: int) -> None:
    """What is left to play, and who waits for it."""
    BACKLOG_GAMES.set(left.games)
    BACKLOG_SECONDS.set(left.seconds or 0)
    WAITING_WORKERS.set(waiting_workers)
