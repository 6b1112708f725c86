"""Every task at the pages in a real browser, at a desk and on a phone; nothing it complains of, nothing that axe finds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from local.ports import free_ports
from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.contract.evidence import CanonicalReference
from shared.contract.words import EvaluationState
from shared.process.credentials import digest_of_key
from shared.storage.artifact_folder import ArtifactFolder
from tests.kit.http_client import HTTP
from tests.kit.http_server import serving_app
from tests.kit.waiting import until
from tests.promotion.conftest import announcement, completed
from tests.promotion.console.looking import DESKTOP, PHONE, Window, window
from tests.promotion.console.played import Played, ended
from tests.promotion.peers import Neighbour

KEY = "a key for a person"
NODE = {
    "state": "delivered",
    "bytes_done": 5,
    "size": 5,
    "detail": None,
    "holds": "ok",
    "updated_at": "2026-01-31T12:00:00Z",
}


@dataclass
class Served:
    """A promotion service at an address, its gauntlet, and its models."""

    url: str
    gauntlet: Neighbour
    distribution: Neighbour
    played: Played
    models: Path
    store: ArtifactFolder

    def get(self, path: str) -> Any:
        """What the API says."""
        return HTTP.get(f"{self.url}{path}", headers={"Authorization": f"Bearer {KEY}"}).json()

    def head(self) -> CanonicalReference | None:
        """What is canonical now."""
        found = self.get("/v1/configurations/hex8_2p/canonical")
        return CanonicalReference(version=found["version"], digest=found["digest"]) if "version" in found else None

    def take_in(self, content: bytes) -> str:
        """A model in the models folder and the store."""
        (self.models / f"{content.decode()}.pth").write_bytes(content)
        return self.store.take_in(self.models / f"{content.decode()}.pth").digest

    def evaluated(self, digest: str, request_id: str | None = None) -> UUID:
        """Its games were won."""
        done = completed(digest, self.head(), request_id=UUID(request_id) if request_id else None)
        self.played.add(f"models/{digest[:6]}.pth", id=done.evaluation_id, digest=digest, **ended())
        self.gauntlet.feed.append(announcement(done))
        return done.evaluation_id

    def promoted(self, content: bytes) -> None:
        """A trainer's candidate became canonical, and the node has it."""
        digest = self.take_in(content)
        self.evaluated(digest)
        until(lambda: (head := self.head()) and head.digest == digest, 30)

    def delivered(self) -> None:
        """The node has what is canonical."""
        head = self.head()
        assert head is not None
        there = {"version": head.version, "digest": head.digest, "complete": True, "nodes": {"node-1": NODE}}
        self.distribution.status["model_distribution"]["configurations"]["hex8_2p"] = there


@pytest.fixture
def served(
    database_url: str, nats_url: str, tmp_path: Path, gauntlet: Neighbour, distribution: Neighbour, played: Played
) -> Iterator[Served]:
    """The service at an address of this machine."""
    models = tmp_path / "models"
    models.mkdir()
    settings = PromotionSettings(
        database_url=database_url, nats_url=nats_url, artifacts_dir=tmp_path / "artifacts", models_dir=models,
        gauntlet_url=gauntlet.url, distribution_url=distribution.url, feed_seconds=0.1,
        api_keys=(f"alice:force:{digest_of_key(KEY)}",),
    )  # fmt: skip
    [port] = free_ports(1)
    with serving_app(create_app(settings), port):
        store = ArtifactFolder(settings.artifacts_dir)
        yield Served(f"http://127.0.0.1:{port}", gauntlet, distribution, played, models, store)


@pytest.fixture
def chromium() -> tuple[Any, str]:
    """Playwright, and the browser of this machine."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("axe_playwright_python", reason="axe is not installed")
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("there is no chromium on this machine; Debian's package `chromium` has it")
    return playwright, browser


@pytest.mark.parametrize("device", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_task_is_done_by_page_alone(served: Served, chromium: tuple[Any, str], device: dict[str, Any]) -> None:
    """Logging in, promoting, trying, approving, rolling back and following live, by what is on the pages."""
    served.promoted(b"first")
    served.delivered()
    with window(*chromium, served.url, **device) as seen:
        logs_in(seen)
        promotes(seen, served)
        tries(seen, served)
        approves(seen, served)
        rolls_back(seen, served)
        follows(seen, served)
        if device is DESKTOP:
            seen.go("/overview")
            seen.picture("overview")
        seen.click("button", "Log out")
        assert seen.page.url == f"{served.url}/login"
    assert seen.complaints == []
    assert {httpx.URL(each).netloc for each in seen.asked} == {httpx.URL(served.url).netloc}


def logs_in(seen: Window) -> None:
    """By the keyboard, from the first page."""
    seen.go("/")
    assert "/login?next=" in seen.page.url
    seen.page.keyboard.type(KEY)
    with seen.page.expect_navigation():
        seen.page.keyboard.press("Enter")
    seen.sees("hex8_2p")


def fills_in(seen: Window, kind: str) -> None:
    """The form of a promotion, up to its confirmation."""
    seen.click("link", "Promote")
    seen.page.get_by_label("Configuration").fill("hex8_2p")
    seen.page.get_by_label("Model file").fill("models/asked.pth")
    seen.page.get_by_label(kind).check()
    seen.click("button", "Go on")


def promotes(seen: Window, served: Served) -> None:
    """A model of the models folder; its page tells by itself that it was promoted, and why."""
    digest = served.take_in(b"asked")
    fills_in(seen, "Evaluate it, and promote it if it passes every gate")
    seen.sees("it becomes version 2 at once")
    seen.sees("1 node follows: node-1.")
    seen.click("button", "Evaluate and promote")
    served.evaluated(digest, seen.page.url.rsplit("/", 1)[1])
    seen.page.get_by_role("link", name="How it gets to the nodes").wait_for()
    seen.click("link", "The decision")
    seen.sees("reaches the required 85%")
    seen.picture("decision")
    served.delivered()


def tries(seen: Window, served: Served) -> None:
    """A dry run, which promotes nothing."""
    fills_in(seen, "Dry run")
    seen.sees("nothing is promoted and no node changes")
    seen.click("button", "Evaluate")
    head = served.head()
    assert head is not None
    assert head.version == 2


def approves(seen: Window, served: Served) -> None:
    """While the configuration is paused what passes waits, until a person says yes."""
    seen.go("/configurations/hex8_2p/holds")
    seen.page.locator("#pause").fill("the rules change today")
    seen.click("button", "Pause …")
    seen.click("button", "Pause")
    served.evaluated(served.take_in(b"third"))
    seen.go("/overview")
    seen.click("link", "a candidate passed and waits")
    seen.click("button", "Approve …")
    seen.sees("becomes version 3 at once")
    seen.click("button", "Approve")
    seen.sees("Version 3 of hex8_2p on its way")
    served.delivered()
    seen.sees("1 of 1")


def rolls_back(seen: Window, served: Served) -> None:
    """To the version before, as a new one."""
    seen.go("/configurations/hex8_2p/rollback")
    seen.page.get_by_label("Reason").fill("loses as second player")
    seen.click("button", "Go on")
    seen.sees("to the bytes of version 2")
    seen.picture("confirmation")
    seen.click("button", "Roll back")
    seen.sees("Version 4 of hex8_2p on its way")
    served.delivered()
    seen.sees("1 of 1")


def follows(seen: Window, served: Served) -> None:
    """An evaluation goes on, and its page shows that without being asked; when it ends the page says so."""
    running = served.played.add("models/next.pth")
    seen.go(f"/evaluations/{running.id}")
    seen.page.locator("[data-course] canvas").first.wait_for()
    seen.picture("evaluation")
    [first, *others] = running.opponents
    served.played.change(running.id, opponents=[first.model_copy(update={"games": 51, "games_planned": 52}), *others])
    seen.sees("51 of 52")
    served.played.change(
        running.id, failure_code="worker_lost", failure_reason="it is gone", **ended(EvaluationState.FAILED)
    )
    seen.sees("it is gone")
    seen.click("link", "Games")


def test_without_javascript_every_page_can_be_read(served: Served, chromium: tuple[Any, str]) -> None:
    """Each has its heading and its tables, and what is live can be loaded again."""
    served.promoted(b"first")
    running = served.played.add()
    decision = served.get("/v1/decisions")["items"][0]["id"]
    with window(*chromium, served.url, java_script_enabled=False) as seen:
        seen.page.goto(f"{served.url}/login")
        seen.page.get_by_label("API key").fill(KEY)
        seen.page.get_by_role("button", name="Log in").click()
        for path, said in (
            ("/overview", "hex8_2p"), ("/evaluations", "models/new.pth"), (f"/evaluations/{running.id}", "70.0% to 95.0%"),
            ("/decisions", "promoted"), (f"/decisions/{decision}", "reaches the required 85%"), ("/promote", "Dry run"),
            ("/configurations/hex8_2p/rollback", "no earlier version"), ("/configurations/hex8_2p/holds", "Pause"),
            ("/deliveries/hex8_2p/1", "Version 1"),
        ):  # fmt: skip
            seen.page.goto(f"{served.url}{path}")
            assert seen.page.locator("h1").is_visible()
            seen.sees(said)
    assert seen.complaints == []
