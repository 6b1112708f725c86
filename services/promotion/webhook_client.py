"""Sending a notice to its receiver over HTTP. Names are resolved here, and what was looked at is what is connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import httpx

from services.promotion.errors import ReceiverRefusedError
from services.promotion.notice_body import body_of, media_type
from services.promotion.webhook import IpAddress, Notice, WebhookRules, signed
from shared.contract.words import storable
from shared.process.http_client import bounded

MOST_ANSWER_BYTES = 64 * 1024
SPARE_SECONDS = 1.0
"""By which one deadline is later than the other, so that it is always the same that is told."""
SHOWN = 200
"""Characters of an answer that are told on."""


class NoticeFailedError(Exception):
    """The receiver did not take a notice; the text says why."""


class WebhookClient:
    """The receivers, by `rules`; no key of the suite is sent to them, and no redirect is followed."""

    def __init__(self, client: httpx.AsyncClient, rules: WebhookRules, now: Callable[[], datetime]) -> None:
        self._client, self._rules, self._now = client, rules, now

    async def send(self, notice: Notice) -> None:
        """Have a notice taken. NoticeFailedError unless the receiver answers 2xx in time."""
        try:
            async with asyncio.timeout(self._rules.seconds):
                self._rules.require_receiver(notice.url)
                answer = await self._post(notice)
        except TimeoutError:
            raise NoticeFailedError(f"no answer within {self._rules.seconds:g} s") from None
        except (ReceiverRefusedError, OSError) as error:
            raise NoticeFailedError(str(error)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoticeFailedError(storable(f"{type(error).__name__}: {error}", SHOWN)) from None
        if not answer.is_success:
            words = storable(answer.text.strip(), SHOWN)
            raise NoticeFailedError(f"it answered {answer.status_code}" + (f": {words}" if words else ""))

    async def _post(self, notice: Notice) -> httpx.Response:
        url, body = httpx.URL(notice.url), body_of(notice)
        headers = {"Content-Type": media_type(notice), "Host": url.netloc.decode(), **signed(notice, body, self._now())}
        if self._rules.by_proxy:
            return await self._ask(url, body, headers)
        *others, last = await self._addresses(url)
        for address in others:
            with suppress(httpx.ConnectError):
                return await self._ask(url.copy_with(host=str(address)), body, headers, sni_hostname=url.host)
        return await self._ask(url.copy_with(host=str(last)), body, headers, sni_hostname=url.host)

    async def _ask(self, to: httpx.URL, body: bytes, headers: dict[str, str], **known: str) -> httpx.Response:
        seconds = self._rules.seconds
        limits = bounded(MOST_ANSWER_BYTES, seconds=seconds + SPARE_SECONDS)
        return await self._client.post(
            to, content=body, headers=headers, timeout=seconds, extensions={**limits, **known}
        )

    async def _addresses(self, url: httpx.URL) -> list[IpAddress]:
        """What the receiver's name stands for now."""
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
        self._rules.require_public(url.host, addresses)
        return list(dict.fromkeys(addresses))
