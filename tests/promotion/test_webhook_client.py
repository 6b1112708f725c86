"""Sending a notice over TLS: the address that was looked at is connected to, and its certificate is of the name all the same."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.promotion.webhook import Notice, WebhookRules, secret_of
from services.promotion.webhook_client import NoticeFailedError, WebhookClient
from shared.process.http_client import new_outside_client
from shared.process.settings import BaseServiceSettings
from tests.kit.certificates import Pair, issue, make_ca

taken_for: list[str] = []
"""Whom each notice was for."""


class Taking(BaseHTTPRequestHandler):
    """Takes everything."""

    def do_POST(self) -> None:
        """Take a notice."""
        self.rfile.read(int(self.headers["Content-Length"]))
        taken_for.append(self.headers["Host"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def over_tls(pair: Pair) -> Iterator[int]:
    """A receiver with a certificate, on a free port of loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


async def test_a_certificate_is_of_the_name_that_was_given(tmp_path: Path) -> None:
    """One for localhost is good for localhost, and one for another name is not, though both are at the same address."""
    ca = make_ca(tmp_path)
    rules, event = WebhookRules(private=True, seconds=5), UUID(int=7)
    for name, is_taken in (("localhost", True), ("hooks.example", False)):
        with over_tls(issue(ca, name, [name])) as port:
            notice = Notice(event, event, 1, {"type": "x"}, f"https://localhost:{port}/x", secret_of(b"secret"))
            async with new_outside_client(BaseServiceSettings(http_ca=ca.certificate)) as client:
                receiver = WebhookClient(client, rules, lambda: datetime.now(UTC))
                if is_taken:
                    await receiver.send(notice)
                    assert taken_for == [f"localhost:{port}"]
                else:
                    with pytest.raises(NoticeFailedError, match="CERTIFICATE_VERIFY_FAILED|certificate"):
                        await receiver.send(notice)
