"""A registered node that gives other bytes than it should, to whoever asks its part of the swarm."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import libtorrent as lt

from services.distribution.agent.swarm.torrent import make_torrent
from tests.kit.http_server import serving
from tests.kit.waiting import until


@contextmanager
def lying_peer(content: bytes, folder: Path, host: str) -> Iterator[str]:
    """It says that it has every piece, sends zeros, and never says that it holds the model; yields its agent's address."""
    digest = hashlib.sha256(content).hexdigest()
    path = folder / digest
    path.write_bytes(content)
    session = lt.session({
        "listen_interfaces": f"{host}:0", "outgoing_interfaces": host, "enable_dht": False, "enable_lsd": False,
        "enable_upnp": False, "enable_natpmp": False, "allow_multiple_connections_per_ip": True,
    })  # fmt: skip
    torrent = lt.load_torrent_buffer(make_torrent(path, digest).content)
    torrent.save_path = str(folder)
    torrent.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    handle = session.add_torrent(torrent)
    until(lambda: handle.status().is_seeding)
    path.write_bytes(bytes(len(content)))
    with serving(_agent(session.listen_port()), host) as url:
        yield url
    session.pause()


def _agent(swarm_port: int) -> type[BaseHTTPRequestHandler]:
    report = json.dumps({"node": "liar", "models": {}, "fetches": {}, "swarm_port": swarm_port}).encode()

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, report)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(202, b"{}")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Agent
