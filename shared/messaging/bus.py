"""The bus: NATS JetStream as the doorbell between services.

It publishes with deduplication and consumes with explicit acks; a message is acknowledged when it is handled, and never given up
while our own store is away. The stream and the consumers
are recreated whenever they are found missing, because the feeds are what is read. It never decides
what an event means.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from shared.contract.events import Event, RejectedError
from shared.messaging.handlers import Message
from shared.messaging.nats_connection import (
    NatsClient,
    NatsOptions,
    NatsUnfitError,
    connected,
    in_words,
    require_version,
)
from shared.messaging.nats_stream import (
    StreamNotOursError,
    ensure_consumer,
    ensure_stream,
    require_consumer,
    require_replicas,
    unanswered,
)
from shared.messaging.permissions import INBOX, STREAM
from shared.messaging.signature import Signer
from shared.process.logs import get_logger
from shared.storage.database import is_outage

MAX_DELIVERIES = 5
"""Of a message whose handling fails for no outage of ours."""
RETRY_SECONDS = (0.2, 0.5, 2.0)
FETCH_SECONDS = 2.0
REST_SECONDS = 0.2
"""For messages that are there already."""
MOST_FETCHED = 16
CHECK_SECONDS = 6.0
RENEW_SECONDS = 30.0
"""What ends nats-py's own reconnecting without a word lasts no longer than this."""
_log = get_logger(__name__)

Receive = Callable[[Message], Awaitable[None]]
Bury = Callable[[str, bytes, str, int], Awaitable[None]]


class Bus:
    """One connection to NATS, made on first use and kept up by the client."""

    def __init__(
        self, options: NatsOptions | str, name: str, renew_seconds: float = RENEW_SECONDS, signer: Signer | None = None
    ) -> None:
        """`options`, or just a URL. A client that lost its connection for so long is replaced by a new one. `signer`: of the events
        that are published, where there is a feed that names its key."""
        self._options = NatsOptions.at(options) if isinstance(options, str) else options
        self._name, self._renew_seconds, self._signer = name, renew_seconds, signer
        self._client: NatsClient | None = None
        self._connected_at, self._failure = 0.0, ""
        self._connecting = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether NATS can be reached now."""
        return self._client is not None and self._client.is_connected

    async def connect(self) -> NatsClient:
        """The connection; ConnectionError if NATS cannot be reached, NatsUnfitError if its server is too old."""
        async with self._connecting:
            client = self._client if self._client is not None and not self._client.is_closed else None
            if (
                client is not None
                and not client.is_connected
                and time.monotonic() > self._connected_at + self._renew_seconds
            ):
                await client.close()
                client = None
            self._client = client = client or await self._new_client()
        if not client.is_connected:
            reason = f": {in_words(client.trouble, self._options)}" if client.trouble else ""
            raise ConnectionError(f"NATS is not connected just now{reason}")
        self._connected_at = time.monotonic()
        require_version(client)
        return client

    async def _new_client(self) -> NatsClient:
        try:
            client = await connected(self._options, self._name)
        except ConnectionError as error:
            self._failure = str(error)
            raise
        self._failure = ""
        return client

    async def check(self, durable: str, types: Sequence[str]) -> None:
        """Raise, with what is wrong in words, unless events can go out and come in under this durable name now.

        A stream that is missing is made again. Answers within CHECK_SECONDS.
        """
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                client = await self.connect()
                require_replicas(client, await ensure_stream(client))
                await require_consumer(client, durable, types)
        except APIError as error:
            raise NatsUnfitError(f"NATS refuses what is asked of {STREAM}: {error.description}") from error
        except NatsError as error:  # lost meanwhile
            raise ConnectionError(in_words(error, self._options)) from error
        except TimeoutError:
            raise ConnectionError(self._failure or f"NATS gives no answer within {CHECK_SECONDS:g} s") from None

    async def close(self) -> None:
        """Flush and close; `drain` would wait for unread pull statuses (nats-py)."""
        if self._client is not None and not self._client.is_closed:
            with suppress(NatsError, asyncio.TimeoutError, ConnectionError):
                await self._client.flush(1)
            await self._client.close()

    async def publish(self, event: Event) -> None:
        """Publish and wait for the server's ack; the event's id deduplicates."""
        payload = event.model_dump_json().encode()
        signed = self._signer.headers(payload) if self._signer else {}
        await self.send(event.nats_subject, payload, str(event.id), **signed, traceparent=event.traceparent)

    async def send(self, subject: str, payload: bytes, message_id: str, **headers: str) -> None:
        """Publish a message and wait for the server's ack; its id deduplicates, so no other message may have it."""
        client = await self.connect()
        publish = partial(client.jetstream().publish, subject, payload, timeout=5)
        named = {**headers, "Nats-Msg-Id": message_id}
        try:
            ack = await publish(headers=named)
        except NoStreamResponseError:
            await ensure_stream(client)
            ack = await publish(headers=named)
        except NatsTimeoutError as error:
            raise unanswered(client, error) from error
        if ack.stream != STREAM:
            raise StreamNotOursError(
                f"the event went to the stream {ack.stream}, which holds {subject}: it is not {STREAM}"
            )

    async def consume(self, durable: str, types: Sequence[str], receive: Receive, bury: Bury) -> None:
        """Receive events of some types under a durable name, for ever; raises when the connection or consumer is lost."""
        client = await self.connect()
        await ensure_stream(client)
        await ensure_consumer(client, durable, types)
        inbox = f"{INBOX}.{self._name}.".encode()
        subscription = await client.jetstream().pull_subscribe_bind(durable, stream=STREAM, inbox_prefix=inbox)
        try:
            while True:
                messages = await _fetch(subscription, partial(require_consumer, client, durable, types))
                await asyncio.gather(*(_deliver(message, receive, bury) for message in messages))
        finally:
            with suppress(Exception):
                await subscription.unsubscribe()


async def _fetch(subscription: JetStreamContext.PullSubscription, require: Callable[[], Awaitable[None]]) -> list[Msg]:
    try:
        [first] = await subscription.fetch(1, timeout=FETCH_SECONDS)
    except (TimeoutError, NatsTimeoutError):
        # an idle fetch ends like that of a lost consumer; ask which it was
        await require()
        return []
    # nats-py waits for a second one when it is asked for several, so ask only for those that are there
    waiting = min(first.metadata.num_pending or 0, MOST_FETCHED - 1)
    with suppress(TimeoutError, NatsTimeoutError):
        return [first, *(await subscription.fetch(waiting, timeout=REST_SECONDS) if waiting else [])]
    return [first]


async def _deliver(message: Msg, receive: Receive, bury: Bury) -> None:
    deliveries = message.metadata.num_delivered or 1
    try:
        await receive(Message(message.subject, message.headers or {}, message.data))
    except RejectedError as error:
        await _bury(message, str(error), deliveries, bury)
    except Exception as error:
        await _retry_or_bury(message, error, deliveries, bury)
    else:
        await message.ack()


async def _retry_or_bury(message: Msg, error: Exception, deliveries: int, bury: Bury) -> None:
    """An outage of our own gives no message up, however long it lasts."""
    _log.warning("handling failed", subject=message.subject, deliveries=deliveries, error=repr(error))
    if is_outage(error) or deliveries < MAX_DELIVERIES:
        await message.nak(delay=RETRY_SECONDS[min(deliveries, len(RETRY_SECONDS)) - 1])
        return
    await _bury(message, f"failed {deliveries} times, at last with {error!r}", deliveries, bury)


async def _bury(message: Msg, reason: str, deliveries: int, bury: Bury) -> None:
    try:
        await bury(message.subject, message.data, reason, deliveries)
    except Exception as error:
        _log.warning("dead letter not written", subject=message.subject, error=repr(error))
        await message.nak(delay=RETRY_SECONDS[-1])
    else:
        await message.term()
