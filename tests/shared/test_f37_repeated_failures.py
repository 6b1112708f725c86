"""A failure that repeats is one line with its cause, then a count now and then, then one line that it is over."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from local.ports import free_port
from local.postgres import Postgres
from local.process import http_problem
from shared.process.repeated import RepeatedFailure, RepeatedLog, cause_of
from shared.process.repeated_lines import FORGET_SECONDS, CountRepeats
from shared.process.tasks import SETTLED_SECONDS, keep_running
from tests.kit.processes import suite_process
from tests.kit.virtual_time import in_virtual_time
from tests.kit.waiting import until

HOUR = 3600
MISSING = 'relation "gauntlet.outbox" does not exist'


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Paper:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, event: str, *_: Any, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})

    info = warning


def record(text: object, *, level: int = logging.WARNING, error: BaseException | None = None) -> logging.LogRecord:
    """A log record as a library or structlog makes it."""
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord("nats", level, "client.py", 1, text, (), info)


def test_f37_one_line_then_counts_at_growing_intervals() -> None:
    """A failure each second for three hours is five lines: at once, after 1, 11 and 71 minutes, and 131."""
    clock = Clock()
    failure = RepeatedFailure(clock)
    said = []
    for clock.now in range(3 * HOUR):
        line = failure.failed("refused")
        if line is not None:
            said.append((clock.now, line.event))
    assert said == [(0, "failed"), *[(each, "still failing") for each in (60, 660, 4260, 7860)]]
    over = failure.worked()
    assert over is not None
    assert over == ("works again", {"times": 3 * HOUR, "seconds": 3 * HOUR - 1})
    assert failure.worked() is None


def test_f37_another_cause_is_said_once_and_not_for_ever() -> None:
    """A cause that was not said before is; one that changes with each try does not get a line for each."""
    failure = RepeatedFailure(Clock())
    assert [failure.failed(cause) is not None for cause in ("refused", "starting up", "refused")] == [True, True, False]
    assert sum(failure.failed(f"attempt {number}") is not None for number in range(100)) < 10


def test_f37_a_cause_is_one_sentence() -> None:
    """A statement that failed says what the server said, not the statement; a mistake of the program shows where, once."""
    server = asyncpg.UndefinedTableError('relation "gauntlet.outbox" does not exist')
    wrapper = Exception("adapter")
    wrapper.__cause__ = server
    failed = ProgrammingError("select * from gauntlet.outbox " * 100, {}, wrapper)
    assert cause_of(failed) == 'UndefinedTableError: relation "gauntlet.outbox" does not exist'
    paper = Paper()
    log = RepeatedLog(paper, "loop", loop="relay")
    for error in (failed, ConnectionRefusedError(111, "refused"), KeyError("a"), KeyError("a")):
        log.failed(error)
    log.worked()
    assert [line.get("exc_info") is not None for line in paper.lines] == [False, False, True, False]
    assert [line["event"] for line in paper.lines] == ["loop failed"] * 3 + ["loop works again"]
    assert paper.lines[-1]["times"] == 4


@in_virtual_time
async def test_f37_a_loop_that_fails_for_an_hour_says_so_three_times() -> None:
    """First the cause, then two counts; and when it lasts, that it works again and for how long it had not."""
    loop = asyncio.get_running_loop()

    async def relay() -> None:
        if loop.time() > HOUR:
            await asyncio.Event().wait()
        raise ConnectionRefusedError(111, "Connection refused")

    with capture_logs() as said:
        running = asyncio.create_task(keep_running("relay", relay))
        await asyncio.sleep(HOUR + 2 * SETTLED_SECONDS)
        running.cancel()
    assert [line["event"] for line in said] == ["loop failed", *["loop still failing"] * 2, "loop works again"]
    assert said[-1]["times"] > 700
    assert HOUR <= said[-1]["seconds"] < HOUR + 10


def test_f37_lines_of_libraries_are_counted_too() -> None:
    """The same warning, or the same traceback, is written once; what differs in a word, and errors without traceback, always."""
    clock = Clock()
    lines = CountRepeats(clock)
    assert [lines.filter(record("reconnecting")) for _ in range(3)] == [True, False, False]
    assert lines.filter(record("reconnected"))
    fault = ValueError("no")
    assert [lines.filter(record("task", level=logging.ERROR, error=fault)) for _ in range(2)] == [True, False]
    letter = {"event": "dead letter", "subject": "a"}
    assert all(lines.filter(record(letter, level=logging.ERROR)) for _ in range(3))
    tries = [{"event": "handling failed", "subject": "a", "deliveries": each} for each in range(3)]
    assert [lines.filter(record(each)) for each in tries] == [True, False, False]
    clock.now = 61
    counted = record("reconnecting")
    assert lines.filter(counted)
    assert counted.getMessage() == "reconnecting (4 times in 61 s)"
    clock.now += FORGET_SECONDS + 1
    fresh = record("reconnecting")
    assert lines.filter(fresh)
    assert fresh.getMessage() == "reconnecting"


def test_f37_a_service_without_its_schema_is_quiet(
    postgres: Postgres, database_url: str, nats_url: str, tmp_path: Path
) -> None:
    """Each of its loops says once what is missing, however often they try, and nothing that it writes is a traceback."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"DATABASE_URL": database_url, "NATS_URL": nats_url, "GAUNTLET_PORT": str(port)}
    tried_before = postgres.log.read_text().count(MISSING)
    with suite_process("gauntlet", "services.gauntlet", settings, tmp_path) as service:
        until(lambda: postgres.log.read_text().count(MISSING) >= tried_before + 12, explain=service.log_tail)
        assert all("relation" in str(http_problem(f"{url}/readyz")) for _ in range(3))
        said = service.log_since_start()
    assert said.count(MISSING) < 10
    assert "Traceback" not in said
    assert "alembic" not in said
    assert len(said) < 5000
