"""A recorded game on its board, move by move."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.promotion.console.board import listed, picture, position
from services.promotion.console.playing import listing, player_of, result, seats, shown_move
from services.promotion.console.rendering import page
from services.promotion.console.replays import GameAddress
from services.promotion.console.routes import new_pages
from shared.contract.replay import GameReplay, ReplayedMove
from shared.contract.words import OpponentName

router = new_pages()
MOST_INDEX = 2**31 - 1


@router.get("/games/{evaluation_id}/{opponent}/{index}")
async def game_page(
    request: Request,
    evaluation_id: UUID,
    opponent: OpponentName,
    index: Annotated[int, Path(ge=0, le=MOST_INDEX)],
    move: Annotated[int | None, Query(ge=0, le=MOST_INDEX)] = None,
) -> Response:
    """A game after one of its moves; after the last one if none is named."""
    replay = await request.app.state.replays.replay(GameAddress(evaluation_id, opponent, index))
    at = shown_move(replay, move)
    return page(
        request, "game.html", evaluation_id=evaluation_id, replay=replay, at=at, seats=seats(replay, at),
        result=result(replay), listing=listing(replay, at.number), player_of=player_of, **_board(replay, at),
    )  # fmt: skip


def _board(replay: GameReplay, at: ReplayedMove) -> dict[str, Any]:
    """What is drawn, and the same in words; nothing for a game without a board."""
    if replay.layout is None:
        return {"board": None, "board_words": "", "position": []}
    now = position(replay, at.number)
    words = listed(replay.layout, now)
    shape = "hexagonal" if replay.layout.shape == "hex" else "square"
    summary = f"A {shape} board of {len(replay.layout.cells)} cells, of which {len(words)} are occupied; they are listed below it."
    return {"board": picture(replay.layout, now, at.cells), "board_words": summary, "position": words}
