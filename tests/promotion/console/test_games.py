"""The page of a game: a board that anybody can read, every move by a plain link, and nothing that breaks out of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree

import pytest

from services.promotion.app import create_app
from services.promotion.console.board import Picture, picture, position
from services.promotion.settings import PromotionSettings
from shared.contract.replay import GameReplay
from tests.promotion.console.browsing import Browser
from tests.promotion.console.test_frame import UNREACHABLE
from tests.promotion.console.told import EVALUATION, HOSTILE, game_path, replay_of
from tests.promotion.peers import Neighbour

PAGE = f"/games/{EVALUATION}/random/0"
BOARDS = [("hex8", 2, 61), ("square8", 3, 64), ("hexagonal", 2, 469)]


@pytest.fixture
async def browser(gauntlet: Neighbour) -> AsyncIterator[Browser]:
    """Somebody on this machine; of the suite only the gauntlet service is there."""
    app = create_app(PromotionSettings(database_url=UNREACHABLE, gauntlet_url=gauntlet.url))
    async with Browser(app) as somebody:
        yield somebody


def board_of(html: str) -> ElementTree.Element:
    """The drawing on a page, as a browser would read it."""
    found = re.search(r"<svg class=\"board\".*?</svg>", html, re.DOTALL)
    assert found
    return ElementTree.fromstring(found[0])


@pytest.mark.parametrize(("board_type", "players", "cells"), BOARDS)
async def test_a_game_is_shown_on_its_board(
    browser: Browser, gauntlet: Neighbour, board_type: str, players: int, cells: int
) -> None:
    """Each cell once, each piece with what it is in words, seats by shape and number; in less than half a megabyte."""
    told = gauntlet.pages[game_path()] = replay_of(board_type, players)
    page = await browser.see(f"{PAGE}?move=20")
    assert page.status_code == 200, page.text
    assert len(page.content) < 500_000
    board = board_of(page.text)
    drawn = [each for each in board.iter("use") if each.get("class", "").startswith("cell")]
    assert len(drawn) == cells
    now = position(GameReplay.model_validate(told), 20)
    titles = [each.findtext("title") or "" for each in board.findall("g")]
    assert len([each for each in titles if "seat" in each]) == len(now) > 0
    assert len([each for each in board.iter("use") if each.get("class") == "last"]) == len(told["moves"][19]["cells"])
    assert board.get("aria-labelledby") == "board-title board-desc"
    assert page.text.count('<span class="seat') >= players
    assert "style=" not in page.text


async def test_every_move_is_a_link(browser: Browser, gauntlet: Neighbour) -> None:
    """First, back, next and last lead where they say, the list names every move, and a number beyond the end is the end."""
    told = gauntlet.pages[game_path()] = replay_of("hex8", 2)
    last = len(told["moves"])
    page = await browser.see(f"{PAGE}?move=5")
    steps = dict(re.findall(r'data-key="(\w+)" href="[^"]*\?move=(\d+)"', page.text))
    assert steps == {"Home": "0", "ArrowLeft": "4", "ArrowRight": "6", "End": str(last)}
    assert f'<a href="{PAGE}?move=5" aria-current="step">' in page.text
    assert page.text.count('<span class="nr">') == last
    for beyond in ("", "?move=99999"):
        end = await browser.see(PAGE + beyond)
        assert f"Move {last} of {last}" in end.text
        assert 'data-key="ArrowRight"' not in end.text
    assert "The opening position" in (await browser.see(f"{PAGE}?move=0")).text
    assert (await browser.see(f"{PAGE}?move=-1")).status_code == 422


async def test_a_long_game_lists_the_moves_around_the_one_that_is_shown(browser: Browser, gauntlet: Neighbour) -> None:
    """120 of them, with the way to earlier and later ones."""
    told = gauntlet.pages[game_path()] = replay_of("square19", 2)
    assert len(told["moves"]) > 300
    page = await browser.see(f"{PAGE}?move=200")
    assert page.text.count('<span class="nr">') == 120
    assert ("Earlier moves" in page.text, "Later moves" in page.text) == (True, True)


async def test_what_others_wrote_stays_text(browser: Browser, gauntlet: Neighbour) -> None:
    """The names of moves and errors are another package's; a game that only has text is shown as text."""
    told = replay_of("hex8", 2)
    told |= {"layout": None, "fault": HOSTILE, "error": HOSTILE}
    told["moves"][0] |= {"action": HOSTILE, "text": HOSTILE}
    gauntlet.pages[game_path()] = told
    page = await browser.see(f"{PAGE}?move=1")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert page.text.count("&lt;script&gt;alert") >= 4
    assert '<pre class="drawn"' in page.text


async def test_a_game_that_nobody_tells_is_said(browser: Browser, gauntlet: Neighbour) -> None:
    """What is no game, and no opponent, is refused as a page; what the gauntlet service answers otherwise is no game."""
    assert (await browser.see(f"/games/{EVALUATION}/nobody/0")).status_code == 422
    gauntlet.pages[game_path()] = {"moves": 1}
    page = await browser.see(PAGE)
    assert page.status_code == 503
    assert "is no game" in page.text


def test_cells_lie_apart_and_labels_beside_them() -> None:
    """On every board no two cells, and no cell and label, lie on one another, and all of them inside the picture."""
    for board_type, players, _ in BOARDS:
        told = GameReplay.model_validate(replay_of(board_type, players))
        assert told.layout is not None
        drawn: Picture = picture(told.layout, position(told, 10), told.moves[9].cells)
        places: list[Any] = [*drawn.spots, *drawn.labels]
        for number, one in enumerate(places):
            assert drawn.left < one.x < drawn.left + drawn.width
            assert drawn.top < one.y < drawn.top + drawn.height
            assert all((one.x - other.x) ** 2 + (one.y - other.y) ** 2 > 18**2 for other in places[number + 1 :]), one
