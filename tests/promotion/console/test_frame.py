"""What all pages have in common: who comes in, what a form needs, what browsers are told. Nothing stands behind the service."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.promotion.app import create_app
from services.promotion.console.session import Sessions
from services.promotion.console.static_files import FOLDER, static_files
from services.promotion.settings import PromotionSettings
from shared.process.credentials import SCOPES, IssuedKey, digest_of_key
from shared.process.http_settings import OWN_PATHS
from shared.web.behind_proxy import BehindProxy
from tests.promotion.console.browsing import Browser

UNREACHABLE = "postgresql+asyncpg://u:p@127.0.0.1:9/db"
KEYS = tuple(f"{scope}:{scope}:{hashlib.sha256(scope.encode()).hexdigest()}" for scope in SCOPES)
VENDOR = FOLDER / "vendor"
SEEN = "/login"


def new(**changed: Any) -> FastAPI:
    """A promotion service with nothing behind it, and a key for each scope."""
    return create_app(PromotionSettings(database_url=UNREACHABLE, **{"api_keys": KEYS, **changed}))


async def test_without_a_session_every_page_leads_to_the_login_and_back() -> None:
    """The address that was asked for is where the login leads, but never to another site."""
    async with Browser(new()) as browser:
        answer = await browser.client.get("/overview?state=failed")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Foverview%3Fstate%3Dfailed")
        page = await browser.see("/overview?state=failed")
        assert 'name="next" value="/overview?state=failed"' in page.text
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
            page = await browser.client.get("/login", params={"next": elsewhere})
            assert 'name="next" value="/overview"' in page.text


async def test_a_key_opens_a_session_that_scripts_and_other_sites_cannot_use() -> None:
    """The cookie has the flags that keep it in its browser, and the key itself is not in it."""
    async with Browser(new(), "https://promotion") as browser:
        page = await browser.see("/login")
        form = {"key": "read", "token": re.search(r'name="token" value="(\w+)"', page.text)[1]}  # type: ignore[index]
        answer = await browser.client.post("/login", data=form)
        cookie = answer.headers["set-cookie"]
        assert answer.status_code == 303
        assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {each.strip() for each in cookie.split(";")}
        assert "=read" not in cookie
        assert int(re.search(r"Max-Age=(\d+)", cookie)[1]) == 43200  # type: ignore[index]
        assert '<span class="name">read</span>' in (await browser.see(SEEN)).text


@pytest.mark.parametrize(("key", "said"), [("guessed", "Nobody has this key"), ("node", "read is needed")])
async def test_a_key_that_may_not_read_opens_nothing(key: str, said: str) -> None:
    """A key that nobody has, or that is for something else, is refused as a page with the reason."""
    async with Browser(new()) as browser:
        page = await browser.log_in(key)
        assert page.status_code == 403
        assert said in page.text
        assert not browser.client.cookies


async def test_a_form_of_elsewhere_is_refused() -> None:
    """Without the token of this session, with another's, or from another site's page, nothing is done."""
    async with Browser(new()) as browser, Browser(new()) as other:
        await browser.log_in("force")
        await other.log_in("force")
        page = await browser.see(SEEN)
        mine = re.search(r'name="token" value="(\w+)"', page.text)[1]  # type: ignore[index]
        theirs = re.search(r'name="token" value="(\w+)"', (await other.see(SEEN)).text)[1]  # type: ignore[index]
        for token, headers in (
            ("", {}), (theirs, {}), (mine, {"Origin": "https://evil.example"}), (mine, {"Sec-Fetch-Site": "cross-site"}),
        ):  # fmt: skip
            answer = await browser.client.post("/logout", data={"token": token}, headers=headers)
            assert answer.status_code == 403, (token, headers)
            assert "<h1>Page refused</h1>" in answer.text
        answer = await browser.client.post("/logout", data={"token": mine}, headers={"Origin": "http://promotion"})
        assert answer.status_code == 303


async def test_a_session_ends_with_the_logout_and_with_its_key() -> None:
    """A cookie that was copied before is worth nothing afterwards."""
    app = new()
    async with Browser(app) as browser, Browser(app) as thief:
        await browser.log_in("read")
        thief.client.cookies.update(browser.client.cookies)
        assert "read</span>" in (await thief.see(SEEN)).text
        await browser.submit(await browser.see(SEEN), "/logout")
        assert "read</span>" not in (await thief.see(SEEN)).text
        app.state.desk.keys.accept([IssuedKey("0" * 8, "alice", "read", digest_of_key("issued"))])
        assert "alice" in (await browser.log_in("issued")).text
        app.state.desk.keys.accept([])
        assert "alice" not in (await browser.see(SEEN)).text


def test_a_session_lasts_for_its_time_and_cannot_be_made_up() -> None:
    """One that is over, was changed, or was signed with another secret, is none."""
    clock = [1000.0]
    sessions = Sessions(b"s" * 32, 60, lambda: clock[0])
    session = sessions.begin(digest_of_key("a"))
    assert sessions.key_of(session) == digest_of_key("a")
    for made_up in (session.replace(digest_of_key("a"), digest_of_key("b")), session + "0", "", "...", "é.1.2.3"):
        assert sessions.key_of(made_up) is None
    assert Sessions(b"t" * 32, 60, lambda: clock[0]).key_of(session) is None
    clock[0] += 60
    assert sessions.key_of(session) is None


async def test_pages_may_be_open_to_all_for_reading() -> None:
    """With the setting nobody is sent to the login but who wants to change something."""
    async with Browser(new(pages_public=True)) as browser:
        assert (await browser.client.get("/overview")).status_code == 503  # there is no database behind it
        answer = await browser.client.post("/logout", data={})
        assert answer.headers["location"].startswith("/login")


async def test_without_keys_whoever_is_on_this_machine_is_the_operator() -> None:
    """As at the API: there is no login, and forms need the token all the same."""
    async with Browser(new(api_keys=())) as browser:
        page = await browser.see(SEEN)
        assert "this machine" in page.text
        assert (await browser.client.post("/logout", data={})).status_code == 403


async def test_every_answer_of_a_page_tells_the_browser_what_to_hold_to() -> None:
    """Pages, problems, redirects and files alike; nothing is let in from elsewhere, and nothing unsafe."""
    async with Browser(new()) as browser:
        style = re.search(r'href="(/static/[^"]+)"', (await browser.see(SEEN)).text)[1]  # type: ignore[index]
        for path in (SEEN, "/overview", "/login/nothing", style, "/static/000000000000/pages.css"):
            headers = (await browser.client.get(path)).headers
            assert headers["content-security-policy"].startswith("default-src 'self';"), path
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")
        assert (await browser.client.get(style)).headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await browser.client.get("/static/000000000000/pages.css")).status_code == 404


async def test_what_goes_wrong_is_shown_as_a_page() -> None:
    """An address that is none, and a database that is away, say so in words a person reads."""
    async with Browser(new()) as browser:
        await browser.log_in("read")
        missing, away = await browser.see("/overview/nothing"), await browser.see("/overview")
        assert (missing.status_code, away.status_code) == (404, 503)
        assert "<h1>Not found</h1>" in missing.text
        assert "<h1>Dependency unavailable</h1>" in away.text
        assert away.headers["retry-after"]


@pytest.mark.parametrize("strips", [True, False])
async def test_behind_a_proxy_every_address_has_its_prefix(strips: bool) -> None:
    """Whether the proxy takes the prefix off or leaves it on: links, forms, files, redirects and the cookie."""
    settings = PromotionSettings(database_url=UNREACHABLE, api_keys=KEYS, root_path="/ringrift/promotion")
    async with Browser(BehindProxy(create_app(settings), settings)) as browser:
        path = "/overview" if strips else "/ringrift/promotion/overview"
        answer = await browser.client.get(path)
        assert answer.headers["location"] == "/ringrift/promotion/login?next=%2Foverview"
        page = await browser.client.get(answer.headers["location"])
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page.text)
        assert len(addresses) > 8
        assert [each for each in addresses if not each.startswith(("/ringrift/promotion/", "#"))] == []
        answer = await browser.submit(page, "/login", key="read")
        assert [cookie.path for cookie in browser.client.cookies.jar] == ["/ringrift/promotion/"]


def test_a_prefix_cannot_be_taken_for_a_page() -> None:
    """How the addresses of this service begin is what no proxy's prefix may begin with."""
    paths = [route.path for route in new().routes if isinstance(route, APIRoute)]
    assert {path.split("/")[1] for path in paths} - {""} <= {*OWN_PATHS, "asyncapi.json"}


async def test_programs_get_the_index_and_people_the_pages() -> None:
    """`GET /` answers by what is asked for."""
    app = new(api_keys=())
    async with Browser(app) as browser:
        assert (await browser.client.get("/", headers={"Accept": "*/*"})).json()["name"] == "RingRift promotion"
        assert (await browser.client.get("/")).headers["content-type"].startswith("text/html")


def test_files_of_others_are_what_they_say() -> None:
    """Each file that was copied has the hash that stands beside it, and its license lies there."""
    rows = re.findall(
        r"^\| `(\S+)` \|.*`(LICENSE\.\w+)` \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.M
    )
    assert {name for name, _, _ in rows} == {path.name for path in VENDOR.iterdir() if path.suffix in (".js", ".css")}
    for name, license_file, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
        assert (VENDOR / license_file).is_file()


def test_all_files_of_the_pages_are_small() -> None:
    """Scripts, styles and pictures together stay below 150 kB."""
    assert sum(len(each.content) for each in static_files().values()) < 150_000


async def test_nobody_is_sent_elsewhere_by_a_page() -> None:
    """The templates name no other host, and hold neither script nor style of their own."""
    for path in (FOLDER.parent / "templates").iterdir():
        text = path.read_text()
        assert not re.search(r"https?://|<style|style=|<script>|\son\w+=|hx-on|hx-vals=.js", text), path.name
