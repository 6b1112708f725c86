"""The bus: NATS JetStream as the doorbell between services.

It publishes with deduplication and consumes with explicit acks; a message is acknowledged when it is handled, and never given up
while our own store is away. The stream and the consumers
are recreated whenever they are found missing, because the feeds are what is read. It never decides
what an event means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig
from nats.js.errors import NoStreamResponseError, NotFoundError

from shared.contract.events import SUBJECT_PREFIX, Event, RejectedError
from shared.messaging.handlers import Message
from shared.process.logs import get_logger
from shared.storage.database import is_outage

STREAM = "RINGRIFT_EVENTS"
MAX_DELIVERIES = 5
"""Of a message whose handling fails for no outage of ours."""
ACK_WAIT_SECONDS = 30.0
RETRY_SECONDS = (0.2, 0.5, 2.0)
FETCH_SECONDS = 2.0
CONNECT_SECONDS = 5.0
_log = get_logger(__name__)

Receive = Callable[[Message], Awaitable[None]]
Bury = Callable[[str, bytes, str, int], Awaitable[None]]


class Bus:
    """One connection to NATS, made on first use and kept up by the client."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether NATS can be reached now."""
        return self._client is not None and self._client.is_connected

    async def connect(self) -> Client:
        """The connection; ConnectionError if NATS cannot be reached."""
        async with self._connecting:
            if self._client is None or self._client.is_closed:
                self._client = await _connected(self._url, self._name)
        if not self._client.is_connected:
            raise ConnectionError("NATS is not connected just now")
        return self._client

    async def close(self) -> None:
        """Flush and close; `drain` would wait for unread pull statuses (nats-py)."""
        if self._client is not None and not self._client.is_closed:
            with suppress(NatsError, asyncio.TimeoutError, ConnectionError):
                await self._client.flush(1)
            await self._client.close()

    async def publish(self, event: Event) -> None:
        """Publish and wait for the server's ack; the event's id deduplicates."""
        payload = event.model_dump_json().encode()
        await self.send(event.nats_subject, payload, str(event.id), traceparent=event.traceparent)

    async def send(self, subject: str, payload: bytes, message_id: str, **headers: str) -> None:
        """Publish a message and wait for the server's ack; its id deduplicates, so no other message may have it."""
        jetstream = (await self.connect()).jetstream()
        named = {**headers, "Nats-Msg-Id": message_id}
        try:
            await jetstream.publish(subject, payload, headers=named, timeout=5)
        except NoStreamResponseError:
            await ensure_stream(jetstream)
            await jetstream.publish(subject, payload, headers=named, timeout=5)

    async def consume(self, durable: str, types: Sequence[str], receive: Receive, bury: Bury) -> None:
        """Receive events of some types under a durable name, for ever; raises when the connection or consumer is lost."""
        jetstream = (await self.connect()).jetstream()
        await ensure_stream(jetstream)
        await jetstream.add_consumer(STREAM, _consumer_config(durable, types))
        subscription = await jetstream.pull_subscribe_bind(durable, stream=STREAM)
        try:
            while True:
                messages = await _fetch(jetstream, subscription, durable)
                await asyncio.gather(*(_deliver(message, receive, bury) for message in messages))
        finally:
            with suppress(Exception):
                await subscription.unsubscribe()


async def _connected(url: str, name: str) -> Client:
    """A new connection; none is left half made, whatever ends the attempt."""
    client = Client()
    try:
        # a client that reconnects for ever would also wait for ever for its first connection
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                url, name=name, max_reconnect_attempts=-1, connect_timeout=3,
                error_cb=_log_error, allow_reconnect=True,
                reconnect_time_wait=0.5,  # type: ignore[arg-type]  # nats-py sleeps for it
            )  # fmt: skip
    except (OSError, NatsError, TimeoutError) as error:
        await client.close()
        raise ConnectionError(f"cannot reach NATS within {CONNECT_SECONDS:g} s: {error!r}") from error
    except asyncio.CancelledError:
        await client.close()
        raise
    return client


async def ensure_stream(jetstream: JetStreamContext) -> None:
    """Create the stream, or leave the existing one as it is."""
    try:
        await jetstream.stream_info(STREAM)
    except NotFoundError:
        config = StreamConfig(
            name=STREAM, subjects=[f"{SUBJECT_PREFIX}.>"], storage=StorageType.FILE, duplicate_window=120,
            max_age=7 * 24 * 3600,
        )  # fmt: skip
        await jetstream.add_stream(config)


def _consumer_config(durable: str, types: Sequence[str]) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=durable,
        filter_subjects=[f"{SUBJECT_PREFIX}.{each}.>" for each in types],
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=64,
    )


async def _fetch(
    jetstream: JetStreamContext, subscription: JetStreamContext.PullSubscription, durable: str
) -> list[Msg]:
    try:
        return await subscription.fetch(16, timeout=FETCH_SECONDS)
    except (TimeoutError, NatsTimeoutError):
        # an idle fetch ends like a lost consumer; ask which it was
        await jetstream.consumer_info(STREAM, durable)
        return []


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


async def _log_error(error: Exception) -> None:
    _log.warning("nats", error=repr(error))
