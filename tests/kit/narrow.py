"""A narrow way to servers that come and go, as a proxy in front of two of them is: each connection goes to the first that takes it,
and gets so many bytes a second."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

PIECE = 16 * 1024


class Narrow:
    """`ports`: of the servers, in order of preference; `rate`: bytes a second that each connection gets; `passed`: bytes that came
    back from servers, of all connections; `address`: where it listens, at a free port of loopback if not given."""

    def __init__(self, ports: Sequence[int], rate: float, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.ports, self.rate, self.passed = list(ports), rate, 0
        self._listening = socket.create_server(address)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @contextmanager
    def open(self) -> Iterator[Narrow]:
        """Let connections through while the block lasts."""
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            for port in self.ports:
                with suppress(ConnectionRefusedError):
                    self._joined(client, socket.create_connection(("127.0.0.1", port)))
                    return

    def _joined(self, client: socket.socket, server: socket.socket) -> None:
        with server:
            threading.Thread(target=_copied, args=(client, server), daemon=True).start()
            while piece := server.recv(PIECE):
                client.sendall(piece)
                self.passed += len(piece)
                time.sleep(len(piece) / self.rate)


def _copied(client: socket.socket, server: socket.socket) -> None:
    with suppress(OSError):
        while piece := client.recv(PIECE):
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)
