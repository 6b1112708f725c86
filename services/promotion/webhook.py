"""Webhooks: who is told of this service's events, and the rules of telling. Pure: time and chance come in.

A notice is one event for one webhook. It is tried until its receiver takes it, with growing pauses; after the last try it is dead,
and the next one of its configuration goes on. Notices of a configuration go in the order of the feed.

    waiting ── the receiver answers 2xx ──▶ taken
       └────── the last try failed ───────▶ dead ── replayed ──▶ waiting

Messages are signed as Standard Webhooks 1.0 describe it: HMAC-SHA256 of id, time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from services.promotion.errors import ReceiverRefusedError
from shared.contract.words import NoticeFormat, NoticeState

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"
LONGEST_PAUSE = 6 * 3600.0
GROWTH = 4.0
SPREAD = 0.25
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True)
class NewWebhook:
    """A webhook to be added. `types`: of events, empty for all; `secret`: the key of its signatures; `format`: of what is
    sent."""

    id: UUID
    url: str
    types: tuple[str, ...]
    secret: str
    created_by: str
    format: NoticeFormat = "json"


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A webhook and how it fares. `oldest_waiting_at`: of the notices that its receiver has not taken; `last_error`: of the try
    that failed last, None if none ever did."""

    id: UUID
    url: str
    types: Sequence[str]
    created_by: str
    created_at: datetime
    waiting: int
    taken: int
    dead: int
    oldest_waiting_at: datetime | None
    last_taken_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    format: NoticeFormat = "json"


class Notice(NamedTuple):
    """A notice to be sent now. `attempts`: with this one."""

    webhook_id: UUID
    event_id: UUID
    attempts: int
    event: Mapping[str, Any]
    url: str
    secret: str
    format: NoticeFormat = "json"


class NoticeRow(NamedTuple):
    """A notice as people see it."""

    event_id: UUID
    sequence: int
    type: str
    subject: str
    state: NoticeState
    attempts: int
    due_at: datetime
    last_error: str | None
    noted_at: datetime
    ended_at: datetime | None


class WebhookRules(NamedTuple):
    """`http`, `private`: whether receivers may be there; `seconds`: for an answer; `attempts`: tries of a notice at most;
    `pause_seconds`: after the first; `by_proxy`: whether a proxy resolves names, and connects."""

    http: bool = False
    private: bool = False
    seconds: float = 10.0
    attempts: int = 10
    pause_seconds: float = 5.0
    by_proxy: bool = False

    def pause(self, attempts: int, chance: float) -> float | None:
        """Seconds until the next try after so many that failed, None if that was the last. `chance`: in [0, 1)."""
        if attempts >= self.attempts:
            return None
        seconds = min(self.pause_seconds * GROWTH ** min(attempts - 1, 20), LONGEST_PAUSE)
        return seconds * (1 - SPREAD + 2 * SPREAD * chance)

    def require_receiver(self, url: str) -> None:
        """ReceiverRefusedError for an address to which nothing is ever sent."""
        parts, host, usable = urlsplit(""), None, False
        with suppress(ValueError):
            parts = urlsplit(url)
            host, usable = parts.hostname, parts.port != 0
        usable = usable and bool(host) and re.fullmatch("[!-~]+", url) is not None
        if not usable or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.fragment:
            raise ReceiverRefusedError(f"{url!r} is no address; give one such as https://hooks.example/ringrift")
        if parts.scheme == "http" and not self.http:
            raise ReceiverRefusedError("a receiver has an https address; RINGRIFT_WEBHOOK_HTTP=true allows http")
        try:
            address = ipaddress.ip_address(host or "")
        except ValueError:  # a name, which is looked at when it is resolved
            return
        self.require_public(str(host), [address])

    def require_public(self, host: str, addresses: Sequence[IpAddress]) -> None:
        """ReceiverRefusedError if a host is, or may be, within the network of the suite."""
        inside = next((each for each in addresses if not is_public(each)), None)
        if inside is not None and not self.private:
            raise ReceiverRefusedError(
                f"{host} is {inside}, which is no public address; RINGRIFT_WEBHOOK_PRIVATE=true allows those"
            )


def is_public(address: IpAddress) -> bool:
    """Whether an address is in the public network, and so is the one that it stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def secret_of(chance: bytes) -> str:
    """A key for signatures, as receivers are given it, of so many bytes of chance."""
    return SECRET_PREFIX + base64.b64encode(chance).decode()


def signed(notice: Notice, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: the event's id, the second of this try, and the signature."""
    seconds = str(int(at.timestamp()))
    key = base64.b64decode(notice.secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, f"{notice.event_id}.{seconds}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": str(notice.event_id), "webhook-timestamp": seconds, "webhook-signature": signature}
