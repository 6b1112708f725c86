"""The suite logs in to NATS servers as people have them, and says in one sentence why it cannot."""

import time
from pathlib import Path
from typing import Any

import pytest

from services.promotion.settings import PromotionSettings
from shared.messaging.nats_connection import NatsOptions
from shared.process.nats_settings import NatsSettings, Servers
from shared.process.settings import SettingsError, load_settings
from tests.kit.certificates import issue, make_ca
from tests.kit.nats_servers import Server, operator, user_key
from tests.kit.waiting import async_until
from tests.servers.nats_use import TYPE, bus_at, complaint, complaint_of, options, require_round_trip

SECRETS = ["12345678", "true", "a/b@c d", "p%41:x,y", 'quo"te\\', "ключ"]


@pytest.mark.parametrize("secret", SECRETS)
async def test_f67_any_printable_token_and_password_works(tmp_path: Path, secret: str) -> None:
    """Tokens and passwords that look like numbers, words or addresses are taken as they are."""
    with Server(tmp_path / "token", authorization={"token": secret}) as server:
        async with bus_at(url=f"nats://{server.place}", token=secret) as bus:
            await bus.connect()
    with Server(tmp_path / "user", authorization={"user": "me", "password": secret}) as server:
        async with bus_at(url=f"nats://{server.place}", user="me", password=secret) as bus:
            await bus.connect()


@pytest.mark.parametrize(
    ("login", "authorization"),
    [
        ("me:word", {"user": "me", "password": "word"}),
        ("me:a/b@c%20d%2Ce", {"user": "me", "password": "a/b@c d,e"}),
        ("12345678", {"token": "12345678"}),
    ],
)
async def test_f67_a_login_inside_the_url_works(tmp_path: Path, login: str, authorization: dict[str, str]) -> None:
    """A user with a password, or a token; percent-encoded where it must be."""
    with Server(tmp_path, authorization=authorization) as server:
        async with bus_at(url=f"nats://{login}@{server.place}") as bus:
            await require_round_trip(bus)


async def test_f67_an_nkey_works(tmp_path: Path) -> None:
    """The seed's file opens a server that knows its public key; another seed is refused as such."""
    public, seed = user_key(tmp_path)
    with Server(tmp_path / "nats", authorization={"users": [{"nkey": public}]}) as server:
        url = f"nats://{server.place}"
        async with bus_at(url=url, nkey=seed) as bus:
            await require_round_trip(bus)
        (tmp_path / "other").mkdir()
        async with bus_at(url=url, nkey=user_key(tmp_path / "other")[1]) as bus:
            assert "refuses the login (nkey: RINGRIFT_NATS_NKEY)" in await complaint(bus)


async def test_f67_a_credentials_file_works(tmp_path: Path) -> None:
    """A .creds file opens a server under an operator."""
    configuration, creds = operator(tmp_path)
    with Server(tmp_path / "nats", **configuration) as server:
        async with bus_at(url=f"nats://{server.place}", credentials=creds) as bus:
            await require_round_trip(bus)


async def test_f67_a_file_without_a_seed_is_said_without_its_content(tmp_path: Path) -> None:
    """What is in a file of secrets is never printed."""
    (tmp_path / "user.nk").write_text("SUhidden")
    async with bus_at(url="nats://127.0.0.1:9", nkey=tmp_path / "user.nk") as bus:
        said = await complaint(bus)
    assert "holds no seed" in said
    assert "hidden" not in said


async def test_f67_a_wrong_login_is_said_at_once_and_without_the_secret(tmp_path: Path) -> None:
    """Wrong credentials are no timeout, and neither the text nor the options show them."""
    with Server(tmp_path, authorization={"token": "right"}) as server:
        wrongs: tuple[dict[str, Any], ...] = ({"token": "wrongtoken"}, {"user": "me", "password": "wrongtoken"}, {})
        for wrong in wrongs:
            started = time.monotonic()
            async with bus_at(url=f"nats://{server.place}", **wrong) as bus:
                said = await complaint(bus)
            assert "refuses the login" in said
            assert "wrongtoken" not in f"{said} {options(**wrong)!r} {NatsSettings(nats_token='wrongtoken')!r}"
            assert time.monotonic() - started < 3


@pytest.mark.parametrize("client_certificate", [False, True])
async def test_f67_tls_with_a_private_ca_works(tmp_path: Path, client_certificate: bool) -> None:
    """A server whose certificate a private CA signed, with and without one for the client; without the CA it is said."""
    ca = make_ca(tmp_path / "tls")
    own, mine = issue(ca, "server", ["127.0.0.1"]), issue(ca, "client", [])
    tls = {"cert_file": str(own.certificate), "key_file": str(own.key), "ca_file": str(ca.certificate)}
    with Server(tmp_path / "nats", tls={**tls, "verify": client_certificate}) as server:
        url = f"tls://{server.place}"
        presented: dict[str, Any] = {"cert": mine.certificate, "key": mine.key} if client_certificate else {}
        async with bus_at(url=url, ca=ca.certificate, **presented) as bus:
            await require_round_trip(bus)
        async with bus_at(url=url) as bus:
            assert "no TLS connection to NATS" in (said := await complaint(bus))
            assert "certificate" in said
        if client_certificate:
            async with bus_at(url=url, ca=ca.certificate) as bus:
                assert await complaint_of("certificate required", bus)


async def test_f67_tls_is_never_given_up_for_a_server_without_it(tmp_path: Path) -> None:
    """A login is not sent in clear text to a server that offers no TLS."""
    with Server(tmp_path, authorization={"token": "secret"}) as server:
        async with bus_at(url=f"tls://{server.place}", token="secret") as bus:
            assert "the server offers no TLS" in await complaint(bus)


async def test_f67_a_server_that_comes_back_with_another_login_ends_nothing(tmp_path: Path) -> None:
    """While the server refuses the login it is said; once it takes it again, the same bus works."""
    with Server(tmp_path, authorization={"token": "one"}) as server:
        async with bus_at(url=f"nats://{server.place}", token="one") as bus:
            await require_round_trip(bus)
            for change in (server.reload, server.restart):
                server.configuration["authorization"] = {"token": "other"}
                change()
                assert "refuses the login" in await complaint_of("refuses", bus)
                server.configuration["authorization"] = {"token": "one"}
                change()
                await require_round_trip(bus)


async def test_f67_a_client_that_died_unseen_is_replaced(tmp_path: Path) -> None:
    """What ends nats-py's own reconnecting without a word ends the bus not."""
    public, seed = user_key(tmp_path)
    with Server(tmp_path / "nats", authorization={"users": [{"nkey": public}]}) as server:
        async with bus_at(url=f"nats://{server.place}", nkey=seed, renew_seconds=0.5) as bus:
            await require_round_trip(bus)
            kept = seed.read_text()
            seed.write_text("no seed")
            server.restart()
            assert "holds no seed" in await complaint_of("holds no seed", bus)
            seed.write_text(kept)

            async def again() -> bool:
                try:
                    await bus.check("test", [TYPE])
                except ConnectionError:
                    return False
                return True

            await async_until(again)


async def test_an_unreachable_server_is_said_with_its_place() -> None:
    """Where nobody listens, the sentence names where."""
    async with bus_at(url="nats://me:secret@127.0.0.1:9") as bus:
        said = await complaint(bus)
    assert said.startswith("cannot reach NATS at 127.0.0.1:9")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"URL": "http://a"}, "neither nats:// nor tls://"),
        ({"URL": "nats://me:pa,ss@h"}, "a comma in a password is %2C"),
        ({"URL": "nats://a:1@h,nats://b:2@i"}, "a different login for some of its servers"),
        ({"URL": "nats://h:port"}, "without a host"),
        ({"URL": " , "}, "names no server"),
        ({"TOKEN": "a", "URL": "nats://b@h"}, "are 2 ways to log in to NATS; give one"),
        ({"TOKEN": "a", "USER": "b", "PASSWORD": "c"}, "RINGRIFT_NATS_TOKEN and RINGRIFT_NATS_USER are 2 ways"),
        ({"USER": "a"}, "RINGRIFT_NATS_USER needs RINGRIFT_NATS_PASSWORD beside it"),
        ({"PASSWORD": "a"}, "RINGRIFT_NATS_PASSWORD needs RINGRIFT_NATS_USER beside it"),
        ({"CERT": __file__}, "RINGRIFT_NATS_CERT needs RINGRIFT_NATS_KEY beside it"),
        ({"CA": "/nowhere/ca.pem"}, "RINGRIFT_NATS_CA=/nowhere/ca.pem cannot be read: No such file"),
        ({"REPLICAS": "7"}, "RINGRIFT_NATS_REPLICAS"),
    ],
)
def test_f67_contradictory_settings_stop_the_process_with_words(environment: dict[str, str], words: str) -> None:
    """What cannot work is a fault of the settings, said without a secret."""
    given = {f"RINGRIFT_NATS_{name}": value for name, value in environment.items()}
    with pytest.raises(SettingsError) as raised:
        load_settings(PromotionSettings, {"RINGRIFT_DATABASE_URL": "postgresql+asyncpg://h/d", **given})
    assert words in str(raised.value)
    assert "pa,ss" not in str(raised.value)


def test_f67_an_empty_variable_is_not_given() -> None:
    """Containers set what nobody gave to nothing; that is no login."""
    names = ("TOKEN", "USER", "PASSWORD", "CREDENTIALS", "NKEY", "CA", "CERT", "KEY")
    given = {"RINGRIFT_DATABASE_URL": "postgresql+asyncpg://h/d", "RINGRIFT_NATS_URL": "nats://me:word@h"}
    settings = load_settings(PromotionSettings, {**given, **{f"RINGRIFT_NATS_{name}": "" for name in names}})
    assert NatsOptions.of(settings).login.startswith("user: ")


def test_several_servers_share_one_login() -> None:
    """A cluster's servers, as people write them."""
    parsed = Servers.parse("nats://me:word@one, two:4333,tls://[::1]:5")
    assert parsed == Servers(("nats://one:4222", "nats://two:4333", "tls://[::1]:5"), ("me", "word"))
