"""The pages of the ledger: a configuration's versions, its policy, the audit, and what became of one training."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.promotion.cluster_client import ClusterDistribution
from services.promotion.console.timeline import Known, story
from services.promotion.trainings_client import Announcement
from tests.promotion.conftest import Suite
from tests.promotion.console.browsing import Browser
from tests.promotion.console.told import EVALUATION, HOSTILE, delivery, distribution, evaluation, later, training

TRAINING = f"/timeline/{EVALUATION}"


@pytest.fixture
async def browser(suite: Suite) -> AsyncIterator[Browser]:
    """An operator on this machine."""
    suite.gauntlet.pages["/v1/evaluations"] = {"items": [evaluation(state="running", ended_at=None)], "next": None}
    async with Browser(suite.app) as somebody:
        yield somebody


async def test_a_configuration_tells_its_versions(browser: Browser, suite: Suite) -> None:
    """Each version with how it came and why, newest first, its decision, and what is being played; none yet is said as well."""
    assert "There is no canonical version yet" in (await browser.see("/configurations/hex8_2p")).text
    first, second = await suite.promoted(b"first"), await suite.promoted(b"secon")
    page = await browser.see("/configurations/hex8_2p")
    assert page.status_code == 200, page.text
    assert page.text.index(second[:12]) < page.text.index(first[:12])
    assert "Canonical is <strong>version 2</strong>" in page.text
    assert f"/evaluations/{EVALUATION}" in page.text
    head = await suite.canonical()
    assert f"/decisions/{head['decision_id']}" in page.text
    assert (await browser.see("/configurations/nonsense")).status_code == 422
    suite.gauntlet.pages["/v1/evaluations"] = {"items": [{}]}
    away = await browser.see("/configurations/hex8_2p")
    assert (away.status_code, "the gauntlet service does not say" in away.text) == (200, True)


async def test_a_policy_is_set_once_its_changes_were_seen(browser: Browser, suite: Suite) -> None:
    """The form has what holds; the next page says what changes and nothing has; then it holds, with a history and the way back."""
    policies = "/policies/hex8_2p"
    assert "hex8_2p" in (await browser.see("/policies")).text
    asked = await browser.submit(
        await browser.see(f"{policies}/edit"), f"{policies}/edit", random_win_rate="0.8", games="60"
    )
    assert "Win rate against Random: 0.85 becomes 0.8." in asked.text
    assert "Games per opponent: 50 becomes 60." in asked.text
    assert (await suite.get("/v1/policies/hex8_2p"))["version"] == 0
    done = await browser.submit(asked, f"{policies}/set", reason=f"a weak start {HOSTILE}")
    found = await suite.get("/v1/policies/hex8_2p")
    assert (found["version"], found["gates"]["random_win_rate"], found["gates"]["games"]) == (1, 0.8, 60)
    assert "0.85 → <strong>0.8</strong>" in done.text
    assert HOSTILE not in done.text
    late = await browser.submit(asked, f"{policies}/set", reason="from a page that is too old")
    assert late.status_code == 412, late.text
    wrong = await browser.submit(await browser.see(f"{policies}/edit"), f"{policies}/edit", alpha="2")
    assert (wrong.status_code, "Chance of a wrong pass" in wrong.text) == (403, True)
    back = await browser.submit(await browser.see(f"{policies}/reset"), f"{policies}/reset", reason="again")
    assert "back to the environment" in back.text
    assert (await suite.get("/v1/policies/hex8_2p"))["from_environment"]


async def test_the_audit_is_filtered_and_verified(browser: Browser, suite: Suite) -> None:
    """Only rows of a configuration, an action or a person, if asked for; and whether all of them are what was written."""
    await suite.promoted(b"first")
    await suite.posts("/v1/configurations/square8_2p/pause", {"reason": HOSTILE}, method="PUT")
    rows = {
        "": 2, "?configuration=hex8_2p": 1, "?action=pause": 1, "?action=&actor=&configuration=": 2, "?actor=nobody": 0,
        "?action=pause&configuration=hex8_2p": 0,
    }  # fmt: skip
    for query, count in rows.items():
        page = await browser.see(f"/audit{query}")
        assert page.text.count('<th scope="row">') == count, query
        assert HOSTILE not in page.text
    assert "all 2 rows are what was written" in (await browser.see("/audit?verify=true")).text


async def test_a_training_is_told_up_to_the_last_node(browser: Browser, suite: Suite) -> None:
    """From the announcement over games, decision and version to the nodes, with the time between; who is away is left out."""
    gauntlet = suite.gauntlet.pages
    gauntlet["/v1/trainings"] = {"items": [training()], "next": None}
    gauntlet[f"/v1/trainings/{EVALUATION}"] = training()
    gauntlet[f"/v1/evaluations/{EVALUATION}"] = evaluation()
    assert f'href="{TRAINING}"' in (await browser.see("/timeline")).text
    page = await browser.see(TRAINING)
    assert "To be judged" in page.text
    assert "2 min later" in page.text
    assert "<script>alert" not in page.text
    assert (await browser.see(f"/timeline/{'0' * 8}-0000-0000-0000-000000000000")).status_code in (404, 503)


async def test_a_version_leads_on_to_the_nodes(browser: Browser, suite: Suite) -> None:
    """What the ledger and the distribution service say of the same evaluation is one story."""
    await suite.promoted(b"first")
    [judged] = (await suite.get("/v1/decisions"))["items"]
    known = judged["evaluation_id"]
    suite.gauntlet.pages[f"/v1/trainings/{known}"] = training(id=known, evaluation_id=known)
    suite.gauntlet.pages[f"/v1/evaluations/{known}"] = evaluation(id=known)
    page = await browser.see(f"/timeline/{known}")
    assert "Version 1 is canonical" in page.text
    assert f"/decisions/{judged['id']}" in page.text
    suite.distribution.pages["/v1/distributions/hex8_2p:1"] = distribution()
    page = await browser.see(f"/timeline/{known}")
    titles = [
        " ".join(re.sub("<[^>]+>", "", each).split()) for each in re.findall(r"<strong>(.*?)</strong>", page.text)
    ]
    assert [each for each in titles if each.startswith("node")] == [
        "node-1 holds it",
        "node-1 plays it",
        "node-2: fetching",
        "node-4: its wave is to come",
    ]


def announced(**said: Any) -> Announcement:
    """An announcement as the gauntlet service tells it."""
    return Announcement.model_validate(training(**said))


def test_a_rejected_training_ends_there() -> None:
    """With the reason, and nothing more is to come."""
    told = story(Known(announced(state="rejected", reason="no such board", evaluation_id=None, evaluation_state=None)))
    assert [(each.title, each.detail) for each in told.moments][1] == ("Rejected", "no such board")
    assert told.is_over


def test_many_nodes_are_told_by_the_first_the_middle_and_the_last() -> None:
    """Not two thousand lines; and the story is over when every node has it."""
    nodes = {f"node-{number:03}": delivery("delivered", 5 + number) for number in range(100)}
    every = ClusterDistribution.model_validate(distribution(nodes=nodes, completed_at=later(105)))
    told = story(Known(announced(), distributions=[every]))
    titles = [each.title for each in told.moments]
    assert "node-000 holds it as the first" in titles
    assert "51 of 100 nodes hold it" in titles
    assert "All 100 nodes play it, node-099 as the last" in titles
    assert (len(titles), told.is_over, told.lasted) == (9, True, "2 h")
