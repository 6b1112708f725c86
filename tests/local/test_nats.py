"""The embedded NATS server: streams that survive, a password, clear errors."""

import socket
from pathlib import Path

import nats
import pytest

from local.nats import Nats
from local.process import StartFailed


async def publish(url: str, text: bytes) -> None:
    """Put one message on the stream `kept`, making the stream if there is none."""
    async with await nats.connect(url) as client:
        stream = client.jetstream()
        await stream.add_stream(name="kept", subjects=["kept"])
        await stream.publish("kept", text)


async def first_message(url: str) -> bytes | None:
    """The first message of the stream `kept`."""
    async with await nats.connect(url) as client:
        return (await client.jetstream().get_msg("kept", 1)).data


async def test_messages_survive_a_clean_restart_and_a_crash(tmp_path: Path) -> None:
    """An acknowledged message is there after SIGKILL, and for another supervisor of the same folder."""
    with Nats(tmp_path / "nats") as server:
        await publish(server.url, b"seven")
        server.kill()
        server.start()
        assert await first_message(server.url) == b"seven"
    with Nats(tmp_path / "nats") as server:
        assert await first_message(server.url) == b"seven"


def test_only_the_password_opens_it(nats_server: Nats) -> None:
    """A loopback client without the login is refused."""
    with socket.create_connection(("127.0.0.1", nats_server.port), timeout=10) as client:
        client.sendall(b'CONNECT {"verbose": false}\r\nPING\r\n')
        with client.makefile("rb") as lines:
            assert lines.readline().startswith(b"INFO ")
            assert lines.readline() == b"-ERR 'Authorization Violation'\r\n"


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """A taken port is refused before anything starts, with the port in the message."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=f"NATS cannot listen on 127.0.0.1:{port}"):
            Nats(tmp_path / "nats", port=port).start()


def test_a_store_that_cannot_be_written_shows_the_log(tmp_path: Path) -> None:
    """A server that ends while starting is reported with what it last said."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "jetstream").write_text("a file where the streams should be")
    with pytest.raises(StartFailed, match=r"(?s)exit code 1 .*Last lines of .*nats.log"):
        Nats(tmp_path / "nats").start()
