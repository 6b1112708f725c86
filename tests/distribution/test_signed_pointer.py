"""An agent with a root takes what the promotion service signed under it, and nothing else, whoever orders it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.distribution.agent.app import create_app
from services.distribution.agent.settings import AgentSettings
from services.distribution.errors import UnknownError
from services.distribution.pointer_mirror import PointerAwayError, PointerMirror
from shared.contract.signed_pointer import TIMESTAMP, Pointed, root_name
from shared.process.settings import SettingsError, load_settings
from shared.storage.pointer_keys import PointerKeys, PointerKeysError
from tests.kit.http_server import serving
from tests.kit.waiting import async_until

DIGEST, OTHER = "a" * 64, "b" * 64
SEVENTH = Pointed("hex8_2p", 7, DIGEST, 5)
GOOD = timedelta(hours=1)
PATH = "/v1/signed-pointer/"


class Signer:
    """The promotion service's keys, and what the distribution service gives on of what it signed."""

    def __init__(self, folder: Path) -> None:
        self.keys = PointerKeys(folder)
        self.root = self.keys.begin(days=1)
        self.served: dict[str, bytes] = {root_name(1): self.root.read_bytes()}
        self.version, self.url = 0, ""

    def signs(self, *pointed: Pointed, good_for: timedelta = GOOD, keys: PointerKeys | None = None) -> dict[str, bytes]:
        """What it signed before, after this is given on instead."""
        before, self.version = dict(self.served), self.version + 1
        expires = datetime.now(UTC).replace(microsecond=0) + good_for
        self.served.update((keys or self.keys).sign(pointed, self.version, expires))
        return before


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[Signer]:
    """A distribution service that gives the signed pointer on, and has no models."""
    signer = Signer(tmp_path / "keys")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = signer.served.get(self.path.removeprefix(PATH))
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Handler) as signer.url:
        yield signer


async def ordered(folder: Path, signer: Signer, wanted: Pointed, url: str = "") -> tuple[int, Mapping[str, Any]]:
    """The answer to an order, of an agent that was started for it on the folder of the one before."""
    url = url or signer.url
    app = create_app(
        AgentSettings(agent_node="node-1", agent_dir=folder, distribution_url=url, pointer_root=signer.root)
    )
    body = {"version": wanted.version, "digest": wanted.digest, "size": wanted.size, "epoch": wanted.epoch,
            "source": f"{url}/v1/artifacts/{wanted.digest}"}  # fmt: skip
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node") as client,
    ):
        answer = await client.put(f"/v1/models/{wanted.configuration}", json=body)
    return answer.status_code, answer.json()


async def test_what_is_signed_is_taken(tmp_path: Path, signer: Signer) -> None:
    """The version of its configuration, with its bytes; and the next one, once that is signed."""
    signer.signs(SEVENTH, Pointed("square8_2p", 1, OTHER, 9))
    assert (await ordered(tmp_path, signer, SEVENTH))[0] == 202
    eighth = Pointed("hex8_2p", 8, OTHER, 6)
    signer.signs(eighth)
    assert (await ordered(tmp_path, signer, eighth))[0] == 202


@pytest.mark.parametrize(
    "wanted",
    [
        SEVENTH._replace(version=8),
        SEVENTH._replace(digest=OTHER),
        SEVENTH._replace(size=6),
        SEVENTH._replace(epoch=1),
        SEVENTH._replace(configuration="hex8_3p"),
    ],
)
async def test_what_is_not_signed_is_refused(tmp_path: Path, signer: Signer, wanted: Pointed) -> None:
    """Another version, other bytes, another size, another configuration, with what the pointer names instead."""
    signer.signs(SEVENTH)
    status, problem = await ordered(tmp_path, signer, wanted)
    assert (status, problem["type"]) == (409, "urn:ringrift:problem:not-proven")
    assert "the signed pointer names" in problem["detail"]


async def test_a_forged_pointer_is_refused(tmp_path: Path, signer: Signer) -> None:
    """Signed with a key that the root does not name, though under that root's own names."""
    other = PointerKeys(tmp_path / "others")
    other.begin(days=1)
    signer.signs(SEVENTH, keys=other)
    status, problem = await ordered(tmp_path, signer, SEVENTH)
    assert (status, "is not believed" in problem["detail"]) == (409, True)


async def test_an_expired_pointer_is_refused(tmp_path: Path, signer: Signer) -> None:
    """However it is signed: whoever holds back what is signed today cannot hold a node to what was canonical once."""
    signer.signs(SEVENTH, good_for=timedelta(seconds=-1))
    status, problem = await ordered(tmp_path, signer, SEVENTH)
    assert (status, "has expired" in problem["detail"]) == (409, True)


async def test_a_pointer_from_before_is_refused(tmp_path: Path, signer: Signer) -> None:
    """Though it was signed and has not expired: a node that saw the next one never goes back."""
    signer.signs(SEVENTH)
    before = signer.signs(Pointed("hex8_2p", 8, OTHER, 6))
    assert (await ordered(tmp_path, signer, Pointed("hex8_2p", 8, OTHER, 6)))[0] == 202
    signer.served = before
    status, problem = await ordered(tmp_path, signer, SEVENTH)
    assert (status, "is not believed" in problem["detail"]) == (409, True)


async def test_without_the_pointer_nothing_is_taken(tmp_path: Path, signer: Signer) -> None:
    """A service that does not give it on, or does not answer, is not believed instead."""
    assert "cannot be fetched" in (await ordered(tmp_path, signer, SEVENTH))[1]["detail"]
    status, problem = await ordered(tmp_path, signer, SEVENTH, "http://127.0.0.1:9")
    assert (status, "cannot be fetched" in problem["detail"]) == (409, True)


async def test_a_root_that_the_one_before_vouches_for_is_followed(tmp_path: Path, signer: Signer) -> None:
    """The promotion service got another key: what the lost one signs is refused, what the new one signs is taken."""
    lost = PointerKeys(tmp_path / "lost")
    lost.begin(days=1)
    (tmp_path / "lost" / "online.pem").write_bytes((tmp_path / "keys" / "online.pem").read_bytes())
    (tmp_path / "lost" / root_name(1)).write_bytes(signer.root.read_bytes())
    signer.served[root_name(2)] = signer.keys.rotate(days=1).read_bytes()
    signer.signs(SEVENTH, keys=lost)
    assert (await ordered(tmp_path, signer, SEVENTH))[0] == 409
    signer.signs(SEVENTH)
    assert (await ordered(tmp_path, signer, SEVENTH))[0] == 202


async def test_a_root_that_nobody_vouches_for_is_refused(tmp_path: Path, signer: Signer) -> None:
    """Another root of the next number, with everything signed under it."""
    other = PointerKeys(tmp_path / "others")
    other.begin(days=1)
    signer.served[root_name(2)] = other.rotate(days=1).read_bytes()
    signer.signs(SEVENTH, keys=other)
    assert (await ordered(tmp_path, signer, SEVENTH))[0] == 409


async def test_the_agent_is_not_ready_while_it_believes_nothing(tmp_path: Path, signer: Signer) -> None:
    """What it holds it keeps and reports; `/readyz` says why it takes nothing more."""
    app = create_app(
        AgentSettings(agent_node="node-1", agent_dir=tmp_path, distribution_url=signer.url, pointer_root=signer.root)
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node") as client,
    ):
        assert (await client.get("/v1/models")).status_code == 200

        async def said() -> object:
            answer = await client.get("/readyz")
            return answer.status_code == 503 and answer.json()["checks"]["signed pointer"]

        assert "cannot be fetched" in str(await async_until(said))


def test_a_root_that_is_none_ends_the_start(tmp_path: Path, signer: Signer) -> None:
    """With the file and what is wrong with it."""
    wrong = tmp_path / "root.json"
    wrong.write_text("{}")
    for path in (wrong, tmp_path / "absent.json"):
        given = {"RINGRIFT_AGENT_NODE": "node-1", "RINGRIFT_POINTER_ROOT": str(path)}
        with pytest.raises(SettingsError, match=f"RINGRIFT_POINTER_ROOT: .*{path.name} cannot be used"):
            load_settings(AgentSettings, given)
    given = {"RINGRIFT_AGENT_NODE": "node-1", "RINGRIFT_POINTER_ROOT": str(signer.root)}
    assert load_settings(AgentSettings, given).pointer_root == signer.root


def test_the_folder_of_keys_refuses_what_would_lock_everybody_out(tmp_path: Path) -> None:
    """A second beginning, a root with another offline key, an online key that the newest root does not name."""
    keys = PointerKeys(tmp_path)
    keys.begin(days=1)
    with pytest.raises(PointerKeysError, match="has a root already"):
        keys.begin(days=1)
    with pytest.raises(PointerKeysError, match="not the key of the roots"):
        keys.rotate(1, tmp_path / "online.pem")
    former = (tmp_path / "online.pem").read_bytes()
    assert keys.rotate(1).name == root_name(2)
    (tmp_path / "online.pem").write_bytes(former)
    with pytest.raises(PointerKeysError, match="names another key"):
        keys.online()
    assert (tmp_path / "offline" / "root.pem").stat().st_mode & 0o077 == 0


async def test_the_mirror_gives_on_what_it_read_last(tmp_path: Path, signer: Signer) -> None:
    """While the promotion service is away; a file that it never read is away too, and one that is not signed is unknown."""
    signer.signs(SEVENTH)
    clock = iter(range(0, 1000, 10))
    async with httpx.AsyncClient() as client:
        mirror = PointerMirror(client, signer.url, lambda: next(clock))
        assert await mirror.file(TIMESTAMP) == signer.served[TIMESTAMP]
        with pytest.raises(UnknownError, match=r"signs no 2\.root\.json"):
            await mirror.file(root_name(2))
        signer.signs(SEVENTH._replace(version=8))
        assert await mirror.file(TIMESTAMP) == signer.served[TIMESTAMP]
        away = PointerMirror(client, "http://127.0.0.1:9", lambda: 0.0)
        with pytest.raises(PointerAwayError, match="ConnectError"):
            await away.file(TIMESTAMP)
        mirror._url = "http://127.0.0.1:9"
        assert await mirror.file(TIMESTAMP) == signer.served[TIMESTAMP]
