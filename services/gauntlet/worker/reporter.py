"""Tells the service what comes of a claim while it is carried out: games as they end, signs of life in between, the end.

Nothing that was played is lost while the service or its database is away: it is said again until somebody has heard it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NamedTuple

from play.record import PlayedGame
from play.schedule import PlannedGame, plan_games
from services.gauntlet.errors import ClaimOverError, ReportRefusedError
from services.gauntlet.worker.crash import MOST_OF_A_CLAIM, Crash
from services.gauntlet.worker.source import WorkSource
from services.gauntlet.worker.work import TELLS_CRASHES, TELLS_FINGERPRINTS, Work, WorkFailure, WorkReport
from shared.contract.evidence import ModelMetadata
from shared.contract.words import Confinement
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog

REPORTS_PER_CLAIM = 4
"""How often at least a sign of life is given in the time that a claim lasts without."""
AGAIN_SECONDS = 0.5
GOODBYE_SECONDS = 3.0
MOST_BYTES = 300_000
"""Of games in one report, which must fit into the body that a service accepts."""
_log = get_logger(__name__)


class Costs(NamedTuple):
    """What the job cost so far; games in vain are known when it is over."""

    cpu_seconds: float = 0.0
    forward_seconds: float = 0.0
    surplus_games: int = 0


NOTHING = Costs()


class Reporter:
    """The reports of one claim."""

    def __init__(self, source: WorkSource, work: Work) -> None:
        self._source, self._claim_id, self._work = source, work.claim_id, work
        self._seconds, self._block = work.report_seconds, work.num_players
        self._model: ModelMetadata | None = None
        self._confinement: Confinement | None = None
        self._games: list[PlayedGame] = []
        self._ended: set[int] = set()
        self._crashes: list[Crash] = []
        self._news = asyncio.Event()
        self._spent = NOTHING
        self._costs: Costs | None = None
        self._failure: WorkFailure | None = None
        self._is_over = self._is_stopped = False

    def loaded(self, model: ModelMetadata, confinement: Confinement) -> None:
        """The candidate is loaded."""
        tells = self._work.protocol >= TELLS_FINGERPRINTS
        self._model = model if tells else model.model_copy(update={"fingerprint": None})
        self._confinement = confinement
        self._news.set()

    def played(self, games: list[PlayedGame], spent: Costs = NOTHING) -> None:
        """Blocks have ended, and the job has cost so much until now."""
        self._games, self._spent = [*self._games, *games], spent
        self._ended |= {each.index for each in games}
        self._news.set()

    def done(self, costs: Costs) -> None:
        """The job is over: nothing more will come."""
        self._costs = costs
        self._news.set()

    def failed(self, failure: WorkFailure) -> None:
        """The claim cannot be carried out: what was played is told, then this."""
        self._failure = failure
        self._news.set()

    def crashed(self, crash: Crash) -> None:
        """A game errored, or a model was lost; a failure that is told afterwards has the last dossier with it."""
        if self._work.protocol >= TELLS_CRASHES and len(self._crashes) < MOST_OF_A_CLAIM:
            self._crashes.append(crash)
            self._news.set()

    def lost(self, reason: str, words: str) -> None:
        """The process is gone, and with it the positions: what is known is the first game that it had not ended."""
        crash = Crash(kind="worker_lost", reason=reason, stderr=words)
        missing = next((each for each in self._planned() if each.index not in self._ended), None)
        self.crashed(crash if missing is None else crash.at(missing))
        self.failed(WorkFailure(code="worker_lost", reason=reason))

    async def run(self) -> None:
        """Report until everything is told, or nobody wants to hear more."""
        said = RepeatedLog(_log, "report", claim_id=str(self._claim_id))
        while not self._is_over:
            try:
                self._is_over = not await self._tell()
            except ClaimOverError:
                self._is_over = True
            except ReportRefusedError as error:
                _log.warning("report refused", claim_id=str(self._claim_id), reason=str(error))
                self._is_over = True
                await self._give_back()
            except Exception as error:  # whoever hears it may be away; the claim runs out if that lasts
                said.failed(error)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            said.worked()
            if not self._is_over:
                await self._wait()

    async def last_word(self) -> None:
        """Tell what the job has cost altogether, if its games were not wanted any more and somebody still wants to know that."""
        if self._is_stopped and self._costs is not None:
            with suppress(Exception):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._source.report(self._claim_id, WorkReport(done=True, **self._costs._asdict()))

    async def goodbye(self, reason: str | None = None) -> None:
        """Tell what is there and give the rest back, if that can be done in a moment; else the claim runs out."""
        with suppress(Exception):
            async with asyncio.timeout(GOODBYE_SECONDS):
                if self._games:
                    await self._tell()
                await self._source.give_back(self._claim_id, reason)

    async def _give_back(self) -> None:
        """Its games are free at once, if whoever refused a report hears it; else the claim runs out."""
        with suppress(Exception):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._source.give_back(self._claim_id)

    async def _tell(self) -> bool:
        """One report; False when it was the last one."""
        if self._failure is not None and not self._games and len(self._crashes) <= 1:
            last = self._crashes[0] if self._crashes else None
            await self._source.fail(self._claim_id, self._failure.model_copy(update={"crash": last}))
            return False
        report = self._next()
        answer = await self._source.report(self._claim_id, report)
        if report.model is self._model:
            self._model = None
        del self._games[: len(report.games)]
        del self._crashes[: 0 if report.crash is None else 1]
        self._seconds = answer.report_seconds
        self._is_stopped = not answer.alive and not report.done
        return answer.alive and not report.done

    def _next(self) -> WorkReport:
        """What is to be told now: everything, or as many games as a report may hold."""
        games = self._fitting()
        is_all = games == len(self._games) and len(self._crashes) <= 1
        costs = self._costs if is_all else None
        so_far = self._spent if games or self._crashes else NOTHING
        return WorkReport(
            model=self._model,
            confinement=self._confinement if self._model else None,
            games=self._games[:games],
            crash=self._crashes[0] if self._crashes else None,
            done=costs is not None,
            **(costs or so_far)._asdict(),
        )

    def _fitting(self) -> int:
        """How many of the games that wait fit into one report: whole blocks, at least one."""
        games = size = 0
        while games < len(self._games):
            block = self._games[games : games + self._block]
            size += sum(len(each.model_dump_json().encode()) for each in block)
            if games and size > MOST_BYTES:
                break
            games += len(block)
        return games

    def _planned(self) -> list[PlannedGame]:
        """The claimed games."""
        work = self._work
        if work.opponent is None:
            return []
        return plan_games(work.seed, work.opponent, work.first + work.games, work.num_players, work.first)

    async def _wait(self) -> None:
        """Until there is something to tell, or it is time for a sign of life."""
        if not self._games and not self._crashes and self._costs is None and self._failure is None:
            try:
                async with asyncio.timeout(self._seconds / REPORTS_PER_CLAIM):
                    await self._news.wait()
            except TimeoutError:
                return
        self._news.clear()
