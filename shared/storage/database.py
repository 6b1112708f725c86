"""The connection to Postgres: read and write transactions of different types, and a signal after each commit.

A function whose parameter is a `Read` cannot change anything; one that takes a `Write` takes part in its caller's transaction
and never commits. SQL itself lives in each service's repository.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any, NewType, Protocol

from sqlalchemy import CTE, BindParameter, Function, Text, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.storage.connecting import new_engine
from shared.storage.outages import READ_ONLY, outage
from shared.storage.unusable import UnusableServerError

COMMAND_SECONDS = 30.0
WAKE_SECONDS = 0.005
"""After a commit, what was waited for goes out before the loops look for more to do."""
POOL_SECONDS = 10.0
"""How long a transaction waits for a connection of the pool."""

Read = NewType("Read", AsyncConnection)
Write = NewType("Write", Read)
AFTER_COMMIT = "ringrift.after_commit"
"""Under this name a write transaction has what is to be done after it."""


class Transactions(Protocol):
    """What others need of a database; `Database` says what each does."""

    def read(self) -> AbstractAsyncContextManager[Read]: ...
    def write(self, *, quiet: bool = False) -> AbstractAsyncContextManager[Write]: ...
    def wake(self) -> None: ...
    def changes(self, sweep: float) -> AsyncIterator[None]: ...


class Database:
    """A pool of connections to the suite's database."""

    def __init__(self, url: str) -> None:
        # the connection that rested for the shortest time comes first: it has its statements prepared, and needs no trial
        pool = {"pool_size": 10, "max_overflow": 10, "pool_timeout": POOL_SECONDS, "pool_use_lifo": True}
        self._engine = new_engine(url, COMMAND_SECONDS, **pool)
        self._committed = asyncio.Event()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Read]:
        """A read-only transaction that sees one moment."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield Read(connection)

    @asynccontextmanager
    async def write(self, *, quiet: bool = False) -> AsyncIterator[Write]:
        """A transaction: committed when the block ends, rolled back when it raises. A quiet one wakes nobody."""
        async with self._engine.begin() as connection:
            connection.info[AFTER_COMMIT] = actions = list[Callable[[], None]]()
            yield Write(Read(connection))
        for action in actions:
            action()
        if not quiet:
            afterwards(self.wake)

    def wake(self) -> None:
        """Tell all who wait for changes that there is one, such as one that was committed quietly and matters after all."""
        committed, self._committed = self._committed, asyncio.Event()
        committed.set()

    async def changes(self, sweep: float) -> AsyncIterator[None]:
        """Yield at once, then after every commit of this process, and at least every `sweep` seconds."""
        while True:
            committed = self._committed
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(sweep):
                    await committed.wait()

    async def ping(self) -> None:
        """Raise if Postgres cannot be reached, or takes no changes."""
        async with self._engine.connect() as connection:
            if (await connection.execute(text("select current_setting('transaction_read_only')"))).scalar() == "on":
                await connection.invalidate()
                raise UnusableServerError(READ_ONLY)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def after_commit(tx: Write, action: Callable[[], None]) -> None:
    """Have something done, which must not fail, as soon as the transaction is committed; never, if it is not."""
    tx.info[AFTER_COMMIT].append(action)


def afterwards(action: Callable[[], None]) -> None:
    """Have something done when what was just committed is on its way: who waits for that waits for nothing else."""
    asyncio.get_running_loop().call_later(WAKE_SECONDS, action)


async def lock_for_transaction(tx: Write, name: str) -> None:
    """Wait for the advisory lock of `name`; it is held until the transaction ends."""
    await tx.execute(_LOCK, {"name": name})


def lock(name: BindParameter[str], *, shared: bool = False) -> Function[Any]:
    """The same as an expression, whose evaluation waits for the lock. Many may hold it at once who have it shared."""
    taken = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    return taken(func.hashtextextended(name, 0))


def locked(*locks: Function[Any]) -> CTE:
    """One row, there as soon as the locks are held, which are taken in their order: for a statement that writes nothing before.
    What it reads is of the time before it waited."""
    return select(*(each.label(f"lock_{number}") for number, each in enumerate(locks))).cte("locked")


_LOCK = select(lock(bindparam("name", type_=Text)))


def is_outage(error: BaseException) -> bool:
    """Whether an error says that the database is away just now, so that the same thing may be tried again."""
    return outage(error) is not None
