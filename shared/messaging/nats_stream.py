"""The stream of the suite's events and the consumers on it: made when missing, ours, and alive.

Nothing exists only on the bus, so a consumer that is wrong is made anew; a stream that is wrong is somebody's, and is only named.
It never publishes or receives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, ConsumerInfo, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, BadRequestError, NotFoundError, ServerError, ServiceUnavailableError

from shared.contract.events import SUBJECT_PREFIX
from shared.messaging.nats_connection import NatsClient, NatsUnfitError
from shared.messaging.permissions import STREAM
from shared.process.logs import get_logger

SUBJECTS = f"{SUBJECT_PREFIX}.>"
ACK_WAIT_SECONDS = 30.0
API_SECONDS = 5.0
OVERLAP, NAME_TAKEN, NO_LEADER = 10065, 10058, 10008
_log = get_logger(__name__)


class StreamNotOursError(NatsUnfitError):
    """Events would go to, or come from, a stream that is not the suite's; the text names it and says what to do."""


async def ensure_stream(client: NatsClient) -> StreamInfo:
    """The stream, made if there is none. StreamNotOursError if another is in its place; NatsUnfitError without JetStream."""
    jetstream = client.jetstream()
    try:
        info = await _stream(client, jetstream)
        require_ours(info)
        return await _replicated(client, info)
    except (ServiceUnavailableError, NatsTimeoutError, TimeoutError) as error:
        raise unanswered(client, error) from error


async def ensure_consumer(client: NatsClient, durable: str, types: Sequence[str]) -> None:
    """The durable consumer of these types of events; what cannot be brought to that is deleted and made anew."""
    jetstream, config = client.jetstream(), consumer_config(durable, types)
    try:
        info = await jetstream.add_consumer(STREAM, config)
        wrong = next(_wrong_consumer(info, config), None)
    except (BadRequestError, ServerError) as error:
        wrong = str(error.description)
    if wrong is not None:
        _log.warning("consumer made anew", consumer=durable, reason=wrong)
        await jetstream.delete_consumer(STREAM, durable)
        await jetstream.add_consumer(STREAM, config)
        await require_consumer(client, durable, types)


async def require_consumer(client: NatsClient, durable: str, types: Sequence[str]) -> None:
    """NatsUnfitError if the durable consumer is not there, listens to something else, or stands still."""
    try:
        info = await client.jetstream().consumer_info(STREAM, durable)
    except NotFoundError:
        raise NatsUnfitError(f"{STREAM} has no consumer {durable} just now; the service makes it again") from None
    except (ServiceUnavailableError, NatsTimeoutError, TimeoutError) as error:
        raise unanswered(client, error) from error
    for wrong in _wrong_consumer(info, consumer_config(durable, types)):
        raise NatsUnfitError(f"the consumer {durable} of {STREAM} {wrong}; the service makes it anew")


def consumer_config(durable: str, types: Sequence[str]) -> ConsumerConfig:
    """A consumer of some types of events, which gives no message up by itself."""
    return ConsumerConfig(
        durable_name=durable,
        filter_subjects=[f"{SUBJECT_PREFIX}.{each}.>" for each in types],
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=-1,
        max_ack_pending=64,
    )


def require_ours(info: StreamInfo) -> None:
    """StreamNotOursError if the stream of our name cannot be what the suite made."""
    faults = "; ".join(_wrong_stream(info.config))
    if faults:
        raise StreamNotOursError(
            f"the stream {STREAM} {faults}: rename or delete it, and the suite makes its own (nothing exists only on the bus)"
        )
    if info.cluster is not None and not info.cluster.leader:
        raise StreamNotOursError(f"the stream {STREAM} has no leader: more than half of its servers must run")


def require_replicas(client: NatsClient, info: StreamInfo) -> None:
    """NatsUnfitError if fewer servers keep the stream than the settings ask for."""
    have, wanted = info.config.num_replicas or 1, client.wanted.replicas
    if have < wanted:
        raise NatsUnfitError(f"{STREAM} is kept by {have} server(s), and RINGRIFT_NATS_REPLICAS={wanted} asks for more")


async def _stream(client: NatsClient, jetstream: JetStreamContext) -> StreamInfo:
    try:
        return await jetstream.stream_info(STREAM)
    except NotFoundError:
        pass
    try:
        return await jetstream.add_stream(_stream_config(client.wanted.replicas))
    except APIError as error:
        if error.err_code == OVERLAP:
            raise StreamNotOursError(await _overlap(jetstream)) from error
        if error.err_code == NAME_TAKEN:  # another service was faster, with other replicas
            return await jetstream.stream_info(STREAM)
        if error.err_code == NO_LEADER:
            raise
        replicas = f" with RINGRIFT_NATS_REPLICAS={client.wanted.replicas}"
        raise NatsUnfitError(f"NATS refuses to make the stream {STREAM}{replicas}: {error.description}") from error


def _stream_config(replicas: int) -> StreamConfig:
    return StreamConfig(
        name=STREAM, subjects=[SUBJECTS], storage=StorageType.FILE, duplicate_window=120, max_age=7 * 24 * 3600,
        num_replicas=replicas,
    )  # fmt: skip


async def _overlap(jetstream: JetStreamContext) -> str:
    try:
        name = await jetstream.find_stream_name_by_subject(SUBJECTS)
    except (APIError, NatsTimeoutError):
        name = "whose name cannot be asked"
    return f"the stream {name} holds subjects of {SUBJECTS}, which are the suite's: delete it or take them out of it"


async def _replicated(client: NatsClient, info: StreamInfo) -> StreamInfo:
    """More replicas if the settings ask for them; never fewer, because other processes may have asked for those."""
    if (info.config.num_replicas or 1) >= client.wanted.replicas:
        return info
    # as the server told it, so that what nats-py does not know of stays
    config = (await _asked(client, f"STREAM.INFO.{STREAM}"))["config"] | {"num_replicas": client.wanted.replicas}
    answer = await _asked(client, f"STREAM.UPDATE.{STREAM}", config)
    if "error" in answer:
        refused = answer["error"].get("description")
        _log.warning("replicas refused", stream=STREAM, replicas=client.wanted.replicas, reason=refused)
        return info
    updated: StreamInfo = StreamInfo.from_response(answer)
    return updated


async def _asked(client: NatsClient, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    payload = json.dumps(body).encode() if body is not None else b""
    reply = await client.request(f"$JS.API.{verb}", payload, timeout=API_SECONDS)
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


def _wrong_stream(config: StreamConfig) -> Iterator[str]:
    if config.mirror is not None:
        yield f"is a mirror of {config.mirror.name}"
    elif SUBJECTS not in (config.subjects or []):
        yield f"has the subjects {', '.join(config.subjects or []) or 'none'}, not {SUBJECTS}"
    if config.retention not in (None, RetentionPolicy.LIMITS):
        yield f"has the retention {RetentionPolicy(config.retention).value}, not limits"
    if config.sealed:
        yield "is sealed"
    if config.no_ack:
        yield "acknowledges nothing (no_ack)"


def _wrong_consumer(info: ConsumerInfo, wanted: ConsumerConfig) -> Iterator[str]:
    has, subjects = info.config, info.config.filter_subjects or [info.config.filter_subject or ""]
    if set(subjects) != set(wanted.filter_subjects or [""]):
        yield f"listens to {', '.join(subjects)}"
    if has.ack_policy != AckPolicy.EXPLICIT:
        yield f"has the ack policy {has.ack_policy}"
    if has.deliver_subject:
        yield "pushes its messages"
    if info.paused:
        yield "is paused"
    if info.cluster is not None and not info.cluster.leader:
        yield "has no leader: more than half of its servers must run"


def unanswered(client: NatsClient, error: Exception) -> NatsUnfitError:
    """Why JetStream gave no answer, as far as it can be told."""
    if getattr(error, "err_code", None) == NO_LEADER:
        return NatsUnfitError("JetStream has no leader: more than half of the cluster's servers must run")
    trouble = str(client.recent_trouble or "")
    if "permissions violation" in trouble.lower():
        return NatsUnfitError(f"NATS gives this login too few permissions (docs/servers.md): {trouble}")
    if isinstance(error, ServiceUnavailableError):
        words = getattr(error, "description", None) or "nobody answers for it"
        return NatsUnfitError(f"JetStream is off at {client.wanted.places}, or not for this account: {words}")
    return NatsUnfitError(f"{STREAM} does not answer; it may have no leader (more than half of its servers must run)")
