"""Tells whoever plays on this node that another model lies in its place: by a command, or by a request to an address.

Each version of a configuration is told until it is taken up, with growing pauses, and after a start of the agent only if it was
not. What came of it stands in `reloads/<configuration>.json` beside the models.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
from prometheus_client import Counter
from pydantic import BaseModel

from services.distribution.agent.schemas import Reload
from services.distribution.agent.store import Model, ModelStore
from shared.contract.trace import HEADER, PLACE
from shared.contract.words import LONGEST_REASON, storable
from shared.process.http_client import bounded
from shared.process.logs import get_logger
from shared.process.traces import span
from shared.storage.files import write_atomically

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
"""Seconds after a first failure, and at most."""
MOST_OUTPUT_BYTES = 64 * 1024
OUTPUT_SECONDS = 1.0
"""For so long the last words of a program are waited for that has ended; what it started may keep its output open."""
SECRETS = "RINGRIFT_"
"""Variables that begin so are the agent's own, and are not given to a command."""
RELOADS = Counter(
    "ringrift_agent_reloads", "Times that whoever plays here was told of a model, by what came of it", ["outcome"]
)
for _outcome in ("done", "failed"):
    RELOADS.labels(_outcome)
_log = get_logger(__name__)


class ReloadError(Exception):
    """The model was not taken up; the text says why."""


class Taken(BaseModel):
    """What is told: the file that is to be played with now."""

    configuration: str
    version: int
    digest: str
    path: str


class Hook(Protocol):
    """How it is told. Raises ReloadError, or TimeoutError after its time."""

    async def tell(self, taken: Taken) -> None: ...


@dataclass(frozen=True)
class CommandHook:
    """Runs a program, without a shell; exit code 0 is success. It has MODEL_CONFIGURATION, _VERSION, _DIGEST and _PATH."""

    arguments: Sequence[str]
    seconds: float

    async def tell(self, taken: Taken) -> None:
        """Run it; after its time it is killed, with all that it started."""
        given = {f"MODEL_{name.upper()}": str(value) for name, value in taken.model_dump().items()}
        environment = {name: value for name, value in os.environ.items() if not name.startswith(SECRETS)}
        try:
            process = await asyncio.create_subprocess_exec(
                *self.arguments, env=environment | given, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ReloadError(f"{self.arguments[0]}: {error.strerror}") from None
        output = asyncio.create_task(_last_of(process.stdout))
        try:
            async with asyncio.timeout(self.seconds):
                code = await process.wait()
            await asyncio.wait([output], timeout=OUTPUT_SECONDS)
        finally:
            output.cancel()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if code != 0:
            said = output.result() if output.done() and not output.cancelled() else ""
            raise ReloadError(f"{self.arguments[0]} ended with exit code {code}: {said or 'it said nothing'}")


@dataclass(frozen=True)
class UrlHook:
    """POSTs what is to be played with as JSON; an answer 2xx is success. `client` has none of the suite's keys."""

    client: httpx.AsyncClient
    url: str
    seconds: float

    async def tell(self, taken: Taken) -> None:
        """Ask once."""
        limits, headers = bounded(MOST_OUTPUT_BYTES, seconds=self.seconds), {"Content-Type": "application/json"}
        if (place := PLACE.get()) is not None:
            headers[HEADER] = place
        body = taken.model_dump_json()
        try:
            answer = await self.client.request(
                "POST", self.url, content=body, headers=headers, extensions=limits, timeout=self.seconds
            )
        except httpx.HTTPError as error:
            raise ReloadError(f"POST {self.url}: {error!r}") from None
        if not answer.is_success:
            raise ReloadError(f"POST {self.url} answered {answer.status_code}: {answer.text[:300]}")


class Reloader:
    """Sees to it that every model of the store is taken up. `changed`: set when there may be another one; `places`: in
    the traces of what brought the models, by configuration."""

    def __init__(
        self,
        store: ModelStore,
        hook: Hook,
        folder: Path,
        changed: asyncio.Event,
        places: Mapping[str, str] | None = None,
    ) -> None:
        self._store, self._hook, self._folder, self._changed = store, hook, folder, changed
        self._places = {} if places is None else places
        self.reloads: dict[str, Reload] = {}

    async def run(self) -> None:
        """Tell of every model that is not known to be taken up, and of every other one that comes."""
        await asyncio.to_thread(self._restore)
        pause = FIRST_PAUSE
        while True:
            self._changed.clear()
            done = await self._tell_all()
            pause = FIRST_PAUSE if done else min(2 * pause, LONGEST_PAUSE)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if done else pause):
                    await self._changed.wait()

    async def _tell_all(self) -> bool:
        """Whether all are taken up now."""
        models = await asyncio.to_thread(self._store.models)
        waiting = {key: model for key, model in models.items() if not self._is_taken_up(key, model)}
        return all([await self._tell(key, model) for key, model in waiting.items()])

    def _is_taken_up(self, configuration: str, model: Model) -> bool:
        last = self.reloads.get(configuration)
        return last is not None and last.error is None and (last.version, last.digest) == (model.version, model.digest)

    async def _tell(self, configuration: str, model: Model) -> bool:
        with span("reload", self._places.get(configuration), configuration=configuration):
            return await self._tell_now(configuration, model)

    async def _tell_now(self, configuration: str, model: Model) -> bool:
        started, error = time.monotonic(), None
        path = str(self._store.path(configuration).absolute())
        try:
            await self._hook.tell(
                Taken(configuration=configuration, version=model.version, digest=model.digest, path=path)
            )
        except TimeoutError:
            error = f"it was not done after {time.monotonic() - started:.0f} s"
        except ReloadError as failed:
            error = storable(str(failed), LONGEST_REASON)
        seconds = time.monotonic() - started
        outcome = Reload(version=model.version, digest=model.digest, seconds=seconds, error=error)
        self.reloads[configuration] = outcome
        RELOADS.labels("failed" if error else "done").inc()
        if error is not None:
            _log.warning("reload failed", configuration=configuration, version=model.version, error=error)
            return False
        _log.info("reloaded", configuration=configuration, version=model.version, seconds=round(seconds, 3))
        await asyncio.to_thread(self._save, configuration, outcome)
        return True

    def _restore(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.glob("*.json"):
            with suppress(ValueError):
                self.reloads[path.stem] = Reload.model_validate_json(path.read_bytes())

    def _save(self, configuration: str, outcome: Reload) -> None:
        with write_atomically(self._folder / f"{configuration}.json") as stream:
            stream.write(outcome.model_dump_json().encode())


async def _last_of(stream: asyncio.StreamReader | None) -> str:
    """The last line of a program's output; all of it is read, and little is kept."""
    kept = b""
    while stream is not None and (chunk := await stream.read(MOST_OUTPUT_BYTES)):
        kept = (kept + chunk)[-MOST_OUTPUT_BYTES:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
