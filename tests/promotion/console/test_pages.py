"""Every task at the pages, by links and forms alone, as a browser without JavaScript does it."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from shared.contract.evidence import CanonicalReference
from tests.promotion.conftest import Suite, announcement, completed, evidence
from tests.promotion.console.browsing import Browser
from tests.promotion.console.played import Played, ended
from tests.promotion.peers import Neighbour

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
KEYS = tuple(f"{scope}:{scope}:{hashlib.sha256(scope.encode()).hexdigest()}" for scope in ("read", "operate", "force"))
FILLED = {"configuration": "hex8_2p", "model_path": "models/asked.pth"}


def shows(page: httpx.Response, *texts: str) -> str:
    """The words of a page without its tags; a test fails if it lacks one of the texts."""
    assert page.status_code == 200, page.text
    words = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    for text in texts:
        assert text in words, f"{text!r} is not in: {words}"
    return words


async def asked(suite: Suite, browser: Browser, **filled: str) -> httpx.Response:
    """The page of a request that was made by its form."""
    (suite.models / "asked.pth").write_bytes(b"asked")
    chosen = await browser.submit(await browser.see("/promote"), "/promote/confirm", **{**FILLED, **filled})
    return await browser.submit(chosen, "/promote")


async def test_a_model_is_promoted_by_page_alone(suite: Suite, browser: Browser, played: Played) -> None:
    """The confirmation says from where to where and who follows, and the request's page what came of it, down to the games."""
    first = await suite.promoted(b"first")
    (suite.models / "asked.pth").write_bytes(b"asked")
    chosen = await browser.submit(await browser.see("/promote"), "/promote/confirm", **FILLED)
    shows(
        chosen, "Promote models/asked.pth?", f"hex8_2p is at version 1 ({first[:12]})", "50 games against each of random, "
        "heuristic, version 1", "it becomes version 2 at once", "1 node follows: 127.0.0.1",
    )  # fmt: skip
    page = await browser.submit(chosen, "/promote")
    shows(page, "Promotion request", "open")
    again = await browser.submit(chosen, "/promote")
    assert again.url == page.url, "the same form, sent twice, asks once"
    request_id = str(page.url).rsplit("/", 1)[1]
    [event] = await suite.events("EVALUATION_REQUESTED")
    digest = suite.add_model(b"asked")
    done = completed(digest, CanonicalReference(version=1, digest=first), request_id=UUID(event["data"]["request_id"]))
    played.add(id=done.evaluation_id, **ended())
    await suite.hears(announcement(done))
    await suite.closed(request_id)
    part = await browser.see(f"/promotion-requests/{request_id}/part")
    shows(part, "promoted", "The decision", "How it gets to the nodes")
    assert "hx-get" not in part.text, "a part that is over asks for nothing again"
    decision = await browser.see(re.search(r'href="(/decisions/[^"]+)"', part.text)[1])  # type: ignore[index]
    shows(
        decision,
        "promoted gates passed",
        "random: 50 of 50 games played, win rate 86.0%",
        "43, 0, 7",
        "85.0%",
        "game 49",
    )
    assert f'href="/games/{done.evaluation_id}/random/49"' in decision.text
    shows(await browser.see("/"), "hex8_2p", "MODEL_PROMOTED")


async def test_a_dry_run_promotes_nothing_and_says_so(suite: Suite, browser: Browser) -> None:
    """Before, in its confirmation, and in what is asked for."""
    (suite.models / "asked.pth").write_bytes(b"asked")
    chosen = await browser.submit(
        await browser.see("/promote"), "/promote/confirm", **FILLED, kind="dry-run", games="4"
    )
    shows(
        chosen,
        "Try models/asked.pth without promoting it?",
        "4 games against each of random, heuristic",
        "nothing is promoted",
    )
    page = await browser.submit(chosen, "/promote")
    shows(page, "dry run, 4 games per opponent")
    [event] = await suite.events("EVALUATION_REQUESTED")
    assert (await suite.get(f"/v1/promotion-requests/{event['data']['request_id']}"))["dry_run"] is True


async def test_what_the_api_refuses_the_form_says(suite: Suite, browser: Browser) -> None:
    """A configuration that is none, a file that is not there, force without a reason: each in words, with the form filled in."""
    for filled, said in (
        ({"configuration": "hex9_2p"}, "hex9_2p"), ({"games": "many"}, "give a number"),
        ({"kind": "force"}, "force needs a reason"), ({"model_path": ""}, "model_path"), ({"kind": "guess"}, "choose one of"),
    ):  # fmt: skip
        page = await browser.submit(await browser.see("/promote"), "/promote/confirm", **{**FILLED, **filled})
        assert page.status_code == 422
        assert said in page.text
        assert 'value="models/asked.pth"' in page.text or "model_path" in filled
    page = await asked(suite, browser, model_path="models/missing.pth")
    assert (page.status_code, "<h1>Model not found</h1>" in page.text) == (404, True)


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False}])
async def test_a_candidate_that_waits_is_approved_or_rejected_by_page_alone(suite: Suite, browser: Browser) -> None:
    """The overview names it, its decision says why, and after the word the pointer moved or the bytes are marked."""
    good, bad = suite.add_model(b"good!"), suite.add_model(b"bad!!")
    for digest in (good, bad):
        await suite.evaluated(digest)

    async def both() -> Any:
        return len((await suite.get("/v1/approvals"))["items"]) == 2

    await suite.eventually(both)
    shows(await browser.see("/overview"), "Needs a person", "a candidate passed and waits")
    waiting = {each["digest"]: each["decision_id"] for each in (await suite.get("/v1/approvals"))["items"]}
    page = await browser.see(f"/decisions/{waiting[bad]}")
    shows(page, "RINGRIFT_AUTO_PROMOTE is off")
    chosen = await browser.submit(page, f"/decisions/{waiting[bad]}/reject", reason="resigns when ahead")
    shows(chosen, "Refuse this candidate?", "its bytes are marked as bad", "No node changes.")
    shows(await browser.submit(chosen, "/reject"), "It waited for a person: rejected", "resigns when ahead")
    page = await browser.see(f"/decisions/{waiting[good]}")
    chosen = await browser.submit(page, f"/decisions/{waiting[good]}/approve")
    shows(chosen, "hex8_2p has no canonical version yet.", f"The candidate {good[:12]} becomes version 1 at once")
    shows(await browser.submit(chosen, "/approve"), "Version 1 of hex8_2p on its way to the nodes")
    assert (await suite.canonical())["digest"] == good
    again = await browser.submit(chosen, "/approve")
    assert (again.status_code, "<h1>Not awaiting</h1>" in again.text) == (409, True)


async def test_a_configuration_is_rolled_back_by_page_alone(
    suite: Suite, browser: Browser, distribution: Neighbour
) -> None:
    """From which version to which, who follows, what is marked; and then how it gets to each node, until it is there."""
    first, second = await suite.promoted(b"first"), await suite.promoted(b"other")
    page = await browser.see("/configurations/hex8_2p/rollback")
    shows(page, "Canonical is version 2", f"version 1 ( {first[:12]} )")
    chosen = await browser.submit(page, "/rollback/confirm", reason="loses as second player")
    shows(
        chosen, f"from version 2 ({second[:12]}) to the bytes of version 1 ({first[:12]}), as a new version 3",
        "The bytes of version 2 are marked as bad", "1 node follows",
    )  # fmt: skip
    page = await browser.submit(chosen, "/rollback")
    shows(page, "Version 3 of hex8_2p on its way", "hears of it from the ledger's feed")
    node = {"state": "fetching", "bytes_done": 2, "size": 5, "detail": None, "updated_at": "2026-01-31T12:00:00Z"}
    here = {"version": 3, "digest": first, "complete": False, "nodes": {"node-1": node}}
    distribution.status["model_distribution"]["configurations"]["hex8_2p"] = here
    suite.app.state.desk.model.kept.forget()
    part = await browser.see("/deliveries/hex8_2p/3/part")
    shows(part, "0 of 1", "fetching", "2 B of 5 B")
    seen = re.search(r'hx-get="([^"]+)"', part.text)[1]  # type: ignore[index]
    assert (await browser.client.get(seen)).status_code == 204, "what the browser has is not sent again"
    here["nodes"] = {"node-1": {**node, "state": "delivered", "bytes_done": 5, "holds": "ok"}}
    suite.app.state.desk.model.kept.forget()
    done = await browser.client.get(seen)
    shows(done, "1 of 1", "delivered")
    assert "hx-get" not in done.text
    again = await browser.submit(chosen, "/rollback")
    assert (again.status_code, "canonical is version 3" in again.text) == (412, True)


async def test_holds_are_placed_and_lifted_by_page_alone(suite: Suite, browser: Browser) -> None:
    """A pause, a pin, and the mark on bytes that were rolled back from."""
    await suite.promoted(b"first")
    path = "/configurations/hex8_2p/holds"
    for place, lift, said in (("pause", "resume", "Paused by"), ("pin", "unpin", "Pinned to version 1 by")):
        for act in (place, lift):
            chosen = await browser.client.get(f"{path}/confirm", params={"act": act, "reason": "a tournament"})
            page = await browser.submit(chosen, "/holds")
            assert (said in page.text) is (act == place)
    unknown = await browser.client.get(f"{path}/confirm", params={"act": "melt", "reason": "x"})
    assert unknown.status_code == 403


async def test_what_others_wrote_is_shown_and_never_run(suite: Suite, browser: Browser, played: Played) -> None:
    """Names of models, reasons of failures and of people, wherever they stand."""
    played.add(HOSTILE, "failed", failure_code="model_invalid", failure_reason=HOSTILE, ended_at="2026-01-31T12:00:00Z")
    await suite.promoted(b"first")
    await suite.client.put("/v1/configurations/hex8_2p/pause", json={"reason": HOSTILE})
    [seen] = played.found.values()
    pages = (
        "/overview",
        "/evaluations",
        f"/evaluations/{seen.id}",
        f"/evaluations/{seen.id}/games",
        "/configurations/hex8_2p/holds",
    )
    shown = 0
    for path in (
        *pages,
        "/promote?model_path=" + HOSTILE,
        f"/evaluations?configuration={HOSTILE[:90]}",
        f"/login?next=/{HOSTILE}",
    ):
        page = await browser.see(path)
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
        shown += "&lt;script&gt;alert" in page.text
    assert shown >= 5


@pytest.mark.parametrize("settings_changed", [{"api_keys": KEYS}])
async def test_what_a_key_may_not_do_is_not_offered_and_refused(suite: Suite, played: Played) -> None:
    """A key for reading sees no action, one that operates cannot force, and the refusal is a page."""
    seen = played.add()
    (suite.models / "asked.pth").write_bytes(b"asked")
    async with Browser(suite.app) as reader, Browser(suite.app) as operator:
        await reader.log_in("read")
        await operator.log_in("operate")
        assert "Promote this model" not in (await reader.see(f"/evaluations/{seen.id}")).text
        assert "Promote this model" in (await operator.see(f"/evaluations/{seen.id}")).text
        assert (await reader.see("/promote")).status_code == 403
        assert "Force:" not in (await operator.see("/promote")).text
        forced = {**FILLED, "kind": "force", "reason": "x"}
        refused = await operator.client.get("/promote/confirm", params=forced)
        assert (refused.status_code, "force is needed" in refused.text) == (403, True)
        token = re.search(r'name="token" value="(\w+)"', (await operator.see("/evaluations")).text)[1]  # type: ignore[index]
        for browser, right in ((operator, "force is needed"), (reader, "operate is needed")):
            answer = await browser.client.post("/promote", data={**forced, "token": token})
            assert (answer.status_code, right in answer.text) == (403, True)


async def test_an_evaluation_is_followed_live_by_many_pages_with_one_look(
    suite: Suite, browser: Browser, played: Played
) -> None:
    """Each page gets every change until the last, and the gauntlet is asked as if there were one."""
    seen = played.add()
    page = await browser.see(f"/evaluations/{seen.id}")
    shows(page, "running", "43, 0, 7", "86.0%", "70.0% to 95.0%", "85.0%", "Against random: the interval closes in")
    assert f'hx-sse:connect="/evaluations/{seen.id}/live"' in page.text
    live = suite.app.state.desk.live
    channel = live["evaluation"].follow(str(seen.id)) if "evaluation" in live else None
    assert channel is None, "nobody looks while no page is live"
    played.change(seen.id, opponents=[], **ended())
    answer = await browser.client.get(f"/evaluations/{seen.id}/live")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith("data: ")
    assert answer.text.endswith("event: end\ndata: end\n\n")
    again = await browser.see(f"/evaluations/{seen.id}")
    assert "hx-sse:connect" not in again.text, "what has ended is not followed"


async def test_long_lists_go_on_by_their_cursor(suite: Suite, browser: Browser, played: Played) -> None:
    """Fifty evaluations on a page, older ones by a link, and the filter goes along."""
    for number in range(60):
        played.add(f"models/{number}.pth")
    page = await browser.see("/evaluations?configuration=hex8_2p")
    assert page.text.count('<th scope="row">') == 50
    older = re.search(r'rel="next" href="([^"]+)"', page.text)[1].replace("&amp;", "&")  # type: ignore[index]
    page = await browser.see(older)
    assert (page.text.count('<th scope="row">'), "models/0.pth" in page.text) == (10, True)
    assert 'value="hex8_2p"' in page.text


async def test_a_service_that_is_away_is_said_to_be_away(suite: Suite, browser: Browser, gauntlet: Neighbour) -> None:
    """The overview still shows the ledger; a page that needs the gauntlet says that it does not answer."""
    await suite.promoted(b"first")
    gauntlet.played = lambda path, query: (503, {})
    gauntlet.status = {}
    suite.app.state.desk.model.kept.forget()
    shows(await browser.see("/overview"), "hex8_2p", "Needs a person", "The gauntlet service does not answer")
    page = await browser.see("/evaluations")
    assert (page.status_code, "<h1>Gauntlet unreachable</h1>" in page.text) == (503, True)


def test_the_evidence_of_these_tests_passes() -> None:
    """Forty-three of fifty games are 86 percent, which the first gate asks for."""
    assert evidence().opponents[0].win_rate(2) == 0.86
