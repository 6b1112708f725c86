"""One process's part in the swarm: a libtorrent session that speaks with allowed addresses alone.

No DHT, no local discovery, no peer exchange, no tracker, no port mapping and no uTP: whom to ask is told by orders. What arrives is
believed piece by piece, by the hashes of the torrent; nothing here gives a file its name.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import libtorrent as lt

from shared.process.logs import get_logger
from shared.process.tasks import keep_running

TICK, REST_TICK, START_SECONDS = 0.1, 1.0, 10.0
"""Seconds between two looks at what happened while something arrives, and while nothing does; and until a port must be had."""
REQUESTS = 8
"""Blocks that are asked of one peer at once, and that a peer may ask: with more, parts of the file wait for one slow node."""
UNWRITTEN = 4 * 1024 * 1024
"""Bytes that wait to be written: what is lost if the process is killed, and most of the memory that a transfer needs."""
_EVERYTHING = (("0.0.0.0", "255.255.255.255"), ("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))
_CHECKING = ("checking_files", "checking_resume_data", "allocating")
_log = get_logger(__name__)

Endpoint = tuple[str, int]


class SwarmError(Exception):
    """The swarm does not bring the file; the text says why."""


class Limits(NamedTuple):
    """Where to listen, port 0 for any, and how much to do at most; 0 bytes a second is no limit."""

    host: str
    port: int
    connections: int
    upload: int
    download: int


@dataclass(eq=False)
class Sharing:
    """One file in the swarm, arriving or whole. `seed`: the distribution service; `received`: bytes that came, `by_seed`: those
    of them that it sent, over earlier connections and this one."""

    handle: lt.torrent_handle
    seed: Endpoint | None = None
    done: int = 0
    is_checking: bool = True
    error: str | None = None
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    received: int = 0
    by_seed: tuple[int, int] = (0, 0)
    is_finished: bool = False

    def count_seed(self, total: int) -> None:
        """The connection with the seed has brought so much; less than before is another connection."""
        earlier, last = self.by_seed
        self.by_seed = (earlier + last, total) if total < last else (earlier, total)

    @property
    def sources(self) -> tuple[int, int]:
        """Bytes that peers brought, and that the seed did."""
        from_seed = min(sum(self.by_seed), self.received)
        return self.received - from_seed, from_seed


class SwarmSession:
    """`on_blocked`: an address that is not allowed asked to be spoken with."""

    def __init__(self, limits: Limits, on_blocked: Callable[[], None] = lambda: None) -> None:
        self._limits, self._on_blocked = limits, on_blocked
        self._session: lt.session | None = None
        self._pump: asyncio.Task[None] | None = None
        self._listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._sharing: dict[lt.torrent_handle, Sharing] = {}
        self._allowed: frozenset[str] = frozenset()

    async def start(self) -> int:
        """Begin; returns the port. SwarmError if it cannot be had."""
        try:
            self._session = await asyncio.to_thread(lt.session, _settings(self._limits))
        except ValueError as error:
            raise SwarmError(str(error)) from None
        _count_all_bytes(self._session)
        self.allow(())
        self._pump = asyncio.create_task(keep_running("swarm", partial(self._hear_for_ever, self._session)))
        try:
            return await asyncio.wait_for(asyncio.shield(self._listening), START_SECONDS)
        except TimeoutError:
            raise SwarmError(f"no port within {START_SECONDS:g} s") from None

    def allow(self, addresses: Iterable[str]) -> None:
        """Speak with these addresses, and no others."""
        self._allowed, only = frozenset(addresses), lt.ip_filter()
        for first, last in _EVERYTHING:
            only.add_rule(first, last, 1)
        for address in self._allowed:
            only.add_rule(address, address, 0)
        if self._session is not None:
            self._session.set_ip_filter(only)

    @property
    def allowed(self) -> frozenset[str]:
        """Whom this process speaks with."""
        return self._allowed

    async def share(
        self, torrent: lt.add_torrent_params, folder: Path, *, is_whole: bool, seed: Endpoint | None = None,
        peers: Collection[Endpoint] = (), priorities: list[int] | None = None,
    ) -> Sharing:  # fmt: skip
        """Take part with a file of the torrent's name in that folder. If it `is_whole`, that is not checked before it is asked for;
        otherwise what is there of it is, and the rest fetched."""
        assert self._session is not None
        torrent.save_path = str(folder)
        torrent.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        if is_whole:
            torrent.flags |= lt.torrent_flags.seed_mode
        torrent.piece_priorities = priorities or []
        torrent.peers = [*peers, *([seed] if seed else [])]
        handle = await asyncio.to_thread(self._session.add_torrent, torrent)
        sharing = self._sharing[handle] = Sharing(handle, seed)
        if is_whole:
            sharing.whole.set()
        return sharing

    async def look(self, sharing: Sharing) -> None:
        """Bring its figures up to date."""
        self._moved(await asyncio.to_thread(sharing.handle.status))

    def end(self, sharing: Sharing) -> None:
        """Take no more part with a file; it stays where it is."""
        if self._sharing.pop(sharing.handle, None) is not None and self._session is not None:
            self._session.remove_torrent(sharing.handle)

    async def close(self) -> None:
        """End; files stay as they are."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        session, self._session, self._sharing = self._session, None, {}
        if session is not None:
            session.pause()
            ended = [session]
            del session
            await asyncio.to_thread(ended.clear)

    async def _hear_for_ever(self, session: lt.session) -> None:
        while True:
            arriving = [each for each in self._sharing.values() if not each.whole.is_set()]
            session.post_torrent_updates()
            if arriving:
                await asyncio.to_thread(_count_from_seed, arriving)
            await asyncio.sleep(TICK if arriving or not self._listening.done() else REST_TICK)
            for alert in session.pop_alerts():
                self._hear(alert)

    def _hear(self, alert: lt.alert) -> None:
        match alert:
            case lt.listen_succeeded_alert() if not self._listening.done():
                self._listening.set_result(alert.port)
            case lt.listen_failed_alert() if not self._listening.done():
                self._listening.set_exception(SwarmError(f"cannot listen: {alert.message():.200}"))
            case lt.peer_blocked_alert():
                self._on_blocked()
            case lt.state_update_alert():
                for status in alert.status:
                    self._moved(status)
            case lt.torrent_alert() if alert.handle in self._sharing:
                _hear_of(self._sharing[alert.handle], alert)

    def _moved(self, status: lt.torrent_status) -> None:
        sharing = self._sharing.get(status.handle)
        if sharing is not None:
            sharing.done, sharing.received = status.total_wanted_done, status.total_payload_download
            sharing.is_checking = str(status.state) in _CHECKING


def _hear_of(sharing: Sharing, alert: lt.torrent_alert) -> None:
    match alert:
        case lt.torrent_finished_alert():
            sharing.is_finished = True
            sharing.handle.flush_cache()
        case lt.cache_flushed_alert() if sharing.is_finished:
            sharing.whole.set()
        case lt.file_error_alert() | lt.torrent_error_alert():
            sharing.error = alert.message()[:300]
        case lt.hash_failed_alert():
            _log.warning("piece refused", detail=alert.message()[:300])


def _count_from_seed(arriving: Iterable[Sharing]) -> None:
    """Waits for libtorrent's own thread: call it from a thread."""
    for sharing in arriving:
        for peer in sharing.handle.get_peer_info() if sharing.handle.is_valid() else ():
            if peer.ip == sharing.seed:
                sharing.count_seed(peer.total_download)


def _settings(limits: Limits) -> lt.settings_pack:
    address = ipaddress.ip_address(limits.host)
    listen = f"[{address}]" if address.version == 6 else str(address)
    return {
        "listen_interfaces": f"{listen}:{limits.port}",
        "outgoing_interfaces": "" if address.is_unspecified else str(address),
        "max_retry_port_bind": 0, "listen_system_port_fallback": False,
        "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "enable_incoming_utp": False, "enable_outgoing_utp": False,
        "allow_multiple_connections_per_ip": True, "connections_limit": limits.connections,
        "upload_rate_limit": limits.upload, "download_rate_limit": limits.download, "unchoke_slots_limit": -1,
        "max_allowed_in_request_queue": REQUESTS, "max_out_request_queue": REQUESTS,
        "whole_pieces_threshold": 0, "initial_picker_threshold": 0, "min_reconnect_time": 1, "max_queued_disk_bytes": UNWRITTEN,
        "out_enc_policy": lt.enc_policy.disabled, "in_enc_policy": lt.enc_policy.disabled,
        "alert_mask": lt.alert_category.error | lt.alert_category.status | lt.alert_category.storage | lt.alert_category.ip_block,
    }  # fmt: skip


def _count_all_bytes(session: lt.session) -> None:
    """Have the limits hold for every peer: by themselves they do not for those of a local network."""
    everyone = lt.ip_filter()
    for first, last in _EVERYTHING:
        everyone.add_rule(first, last, 1 << lt.session.global_peer_class_id)
    session.set_peer_class_filter(everyone)
