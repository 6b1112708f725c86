"""The pages of nodes and distributions: what they say in words, and that a person's word reaches the distribution service."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from tests.promotion.console.browsing import Browser
from tests.promotion.console.test_frame import KEYS, UNREACHABLE
from tests.promotion.console.told import HOSTILE, NODES, distribution
from tests.promotion.peers import Neighbour

ONE = "/distributions/hex8_2p:1"


@pytest.fixture
async def browser(distribution: Neighbour) -> AsyncIterator[Browser]:
    """Somebody at the pages; of the suite only the distribution service is there."""
    app = create_app(
        PromotionSettings(
            database_url=UNREACHABLE, distribution_url=distribution.url, api_keys=KEYS, distribution_key="k" * 32
        )
    )
    distribution.pages["/v1/nodes"] = {"items": NODES, "next": None}
    show(distribution)
    async with Browser(app) as somebody:
        yield somebody


def show(neighbour: Neighbour, **said: Any) -> None:
    """The distribution service has one distribution."""
    found = distribution(**said)
    neighbour.pages[f"/v1{ONE}"] = found
    neighbour.pages["/v1/distributions"] = {"items": [found], "next": "hex8_2p:1"}


async def test_nodes_are_told_in_words(browser: Browser) -> None:
    """Each node's state and what it holds; what others wrote stays text; those that lack nothing can be left out."""
    await browser.log_in("read")
    page = await browser.see("/nodes")
    for words in (
        "holds what it should", "not visited: its breaker is open", "left alone", "has never reported", "behind: version 6",
        "has none",
    ):  # fmt: skip
        assert words in page.text
    assert HOSTILE not in page.text
    assert page.text.count("&lt;script&gt;") == 5
    lacking = await browser.see("/nodes?lacking=true")
    assert [name in lacking.text for name in ("node-1<", "node-2<", "node-3<", "node-4<")] == [False, True, True, True]
    assert "fetching" in (await browser.see("/nodes/node-2")).text
    assert (await browser.see("/nodes/node-9")).status_code == 404


async def test_a_part_is_sent_again_only_if_it_changed(browser: Browser, distribution: Neighbour) -> None:
    """The address that a page asks answers 204 until there is news, and asks no more once the distribution is over."""
    await browser.log_in("read")
    page = await browser.see(ONE)
    again = re.search(r'hx-get="([^"]+)"', page.text)[1]  # type: ignore[index]
    assert (await browser.client.get(again)).status_code == 204
    show(distribution, completed_at="2026-12-01T00:00:00Z")
    news = await browser.client.get(again)
    assert (news.status_code, "every node holds it" in news.text) == (200, True)
    assert "<html" not in news.text
    assert "hx-get" not in news.text


@pytest.mark.parametrize(
    ("path", "verb", "sent"),
    [
        ("/nodes/node-1", "isolate", "/v1/nodes/node-1/isolation"),
        ("/nodes/node-3", "release", "/v1/nodes/node-3/isolation?reason="),
        (ONE, "pause", "/v1/distributions/hex8_2p:1/pause"),
        (ONE, "advance", "/v1/distributions/hex8_2p:1/advance"),
        (ONE, "abort", "/v1/distributions/hex8_2p:1/abort"),
    ],
)
async def test_what_a_person_says_is_done_once_they_know_what_it_means(
    browser: Browser, distribution: Neighbour, path: str, verb: str, sent: str
) -> None:
    """The page offers it, the next one says what will happen, and only its form sends it, with the reason and who gave it."""
    await browser.log_in("operate")
    assert f'href="{path}/{verb}"' in (await browser.see(path)).text
    asking = await browser.see(f"{path}/{verb}")
    assert "This will happen:" in asking.text
    assert distribution.asked == []
    done = await browser.submit(asking, f"{path}/{verb}", reason="a <b>reason</b>")
    assert done.url.path == path
    [(address, body)] = distribution.asked
    assert address.startswith(sent)
    said = body["reason"] if body else address
    assert "reason" in said
    assert "operate" in said


async def test_who_may_only_read_is_offered_nothing_and_refused(browser: Browser, distribution: Neighbour) -> None:
    """No button, no form, and a form sent all the same is refused as a page."""
    await browser.log_in("read")
    page = await browser.see(ONE)
    assert (page.status_code, "Pause" in page.text) == (200, False)
    assert (await browser.see(f"{ONE}/pause")).status_code == 403
    token = re.search(r'name="token" value="(\w+)"', page.text)[1]  # type: ignore[index]
    answer = await browser.client.post(f"{ONE}/pause", data={"token": token, "reason": "x"})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert distribution.asked == []


async def test_what_cannot_be_done_any_more_is_said(browser: Browser, distribution: Neighbour) -> None:
    """A distribution that is over takes no word, a refusal is shown with its reason, and a service that is away is said to be."""
    await browser.log_in("operate")
    asking = await browser.see(f"{ONE}/pause")
    problem = {
        "type": "urn:ringrift:problem:not-canonical",
        "title": "x",
        "status": 409,
        "detail": "version 2 is canonical",
    }
    distribution.refusal = (409, problem)
    refused = await browser.submit(asking, f"{ONE}/pause", reason="x")
    assert (refused.status_code, "version 2 is canonical" in refused.text) == (409, True)
    show(distribution, completed_at="2026-12-01T00:00:00Z")
    assert (await browser.see(f"{ONE}/pause")).status_code == 404
    distribution.pages["/v1/nodes"] = {"items": [{"name": 1}], "next": None}
    away = await browser.see("/nodes")
    assert (away.status_code, "is not understood" in away.text) == (503, True)
