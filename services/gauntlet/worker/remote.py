"""The work source and the models of a worker on another machine: the service's HTTP doors, and a folder of models by digest.

It needs nothing of the cluster but the service's address and a key of scope `play`.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from play.models.model_file import ModelFile
from services.gauntlet.errors import ClaimOverError, ReportRefusedError
from services.gauntlet.worker.source import ModelAbsentError
from services.gauntlet.worker.work import ModelReference, Work, WorkAnswer, WorkFailure, WorkReport, WorkWish
from shared.contract.trace import HEADER, read
from shared.process.http_client import bounded
from shared.storage.file_digests import FileDigests
from shared.storage.files import publish_file, temporary_file

GRACE_SECONDS = 15.0
"""How much longer than the service waits for work its answer may take."""
FETCH_SECONDS = 600.0


class RemoteError(Exception):
    """The service refuses the worker, or what it answers is no answer; the text says what to do."""


class RemoteWork:
    """A gauntlet service's work, over HTTP. httpx.HTTPError where it cannot be reached."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._claims = client, f"{url}/v1/work/claims"

    async def claim(self, wish: WorkWish) -> Work | None:
        """As `WorkSource.claim`."""
        seconds = wish.wait_seconds + GRACE_SECONDS
        body, bounds = wish.model_dump(mode="json"), bounded(seconds=seconds)
        answer = await self._client.post(self._claims, json=body, timeout=seconds, extensions=bounds)
        if answer.status_code == 204:
            return None
        work = Work.model_validate_json(_good(answer, 201).content)
        return work.model_copy(update={"traceparent": read(answer.headers.get(HEADER))})

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        """As `WorkSource.report`."""
        body = report.model_dump(mode="json", exclude_defaults=True)
        answer = await self._client.put(f"{self._claims}/{claim_id}", json=body)
        return WorkAnswer.model_validate_json(_good(answer, 200).content)

    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None:
        """As `WorkSource.fail`."""
        body = failure.model_dump(mode="json")
        _good(await self._client.post(f"{self._claims}/{claim_id}/failure", json=body), 204)

    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None:
        """As `WorkSource.give_back`."""
        said = {"reason": reason} if reason else {}
        _good(await self._client.delete(f"{self._claims}/{claim_id}", params=said), 204)


class RemoteModels:
    """Models fetched once and kept in a folder, the least used given up where there would be more than `most_kept_bytes`."""

    def __init__(self, client: httpx.AsyncClient, url: str, folder: Path, most_kept_bytes: int) -> None:
        self._client, self._artifacts = client, f"{url}/v1/artifacts"
        self._folder, self._most_kept_bytes = folder, most_kept_bytes
        self._fetching: dict[str, asyncio.Lock] = {}
        self._digests = FileDigests()

    async def file(self, reference: ModelReference, most_bytes: int) -> ModelFile:
        """As `ModelSource.file`. RemoteError if other bytes come than those of its digest, or more than may be."""
        path = self._folder / reference.digest
        async with self._fetching.setdefault(reference.digest, asyncio.Lock()):
            if not await asyncio.to_thread(self._is_there, path):
                await self._fetch(reference, path, most_bytes)
        return ModelFile(
            path=path, name=reference.name, architecture=reference.architecture, parameters=reference.parameters,
            most_bytes=most_bytes,
        )  # fmt: skip

    async def _fetch(self, reference: ModelReference, path: Path, most_bytes: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._make_room)
        address, bounds = f"{self._artifacts}/{reference.digest}", bounded(most_bytes, seconds=FETCH_SECONDS)
        with temporary_file(self._folder) as (temporary, target):
            sha256 = hashlib.sha256()
            async with self._client.stream("GET", address, extensions=bounds) as answer:
                if answer.status_code == 404:
                    raise ModelAbsentError(reference.name, reference.digest)
                _good(answer, 200)
                async for chunk in answer.aiter_bytes():
                    sha256.update(chunk)
                    await asyncio.to_thread(target.write, chunk)
            if sha256.hexdigest() != reference.digest:
                raise RemoteError(f"{address} gave other bytes than those of its digest")
            target.flush()
            await asyncio.to_thread(publish_file, temporary, path)

    def _is_there(self, path: Path) -> bool:
        """Whether the model was fetched whole, before: its bytes are those of its name. Then it is used now."""
        with suppress(FileNotFoundError):
            return self._digests.use(path) == path.name
        return False

    def _make_room(self) -> None:
        files = sorted(
            (each for each in self._folder.iterdir() if each.is_file()), key=lambda each: each.stat().st_mtime
        )
        kept = sum(each.stat().st_size for each in files)
        while files and kept > self._most_kept_bytes:
            kept -= files[0].stat().st_size
            files.pop(0).unlink(missing_ok=True)


def _good(answer: httpx.Response, status: int) -> httpx.Response:
    """The answer, if it has the status; ClaimOverError, ReportRefusedError or RemoteError if not."""
    if answer.status_code == status:
        return answer
    if answer.status_code == 410:
        raise ClaimOverError("the service says that the claim is over")
    detail = _detail(answer)
    if answer.status_code in (409, 422):
        raise ReportRefusedError(detail)
    raise RemoteError(f"{answer.request.url} answers {answer.status_code}: {detail}")


def _detail(answer: httpx.Response) -> str:
    """What a problem says, as far as it was read and is one."""
    try:
        body: Any = answer.json()
        return str(body["detail"])[:500]
    except (ValueError, KeyError, TypeError, httpx.ResponseNotRead):
        return "no explanation"
