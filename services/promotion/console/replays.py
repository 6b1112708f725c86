"""Recorded games as the gauntlet service tells them, the last ones kept: whoever steps through a game asks for it once."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

import httpx
from pydantic import ValidationError

from services.promotion.errors import GauntletUnreachableError, UnknownError
from shared.contract.replay import GameReplay
from shared.process.http_client import bounded

MOST_KEPT_BYTES = 4 * 1024 * 1024
"""Of their JSON; a usual game has a hundredth of it."""
REPLAY_SECONDS = 75.0
"""The gauntlet service gives up before."""
LONGEST_DETAIL = 500


class GameAddress(NamedTuple):
    """Which game: of which evaluation, against whom, its place in that schedule."""

    evaluation_id: UUID
    opponent: str
    place: int


class Replays:
    """Asks the gauntlet service for games; it may be away."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url
        self._kept: OrderedDict[GameAddress, tuple[GameReplay, int]] = OrderedDict()

    async def replay(self, game: GameAddress) -> GameReplay:
        """The game. UnknownError if there is none, GauntletUnreachableError if nobody tells it."""
        if game not in self._kept:
            self._keep(game, await self._asked(game))
        self._kept.move_to_end(game)
        return self._kept[game][0]

    async def _asked(self, game: GameAddress) -> bytes:
        path = f"/v1/evaluations/{game.evaluation_id}/games/{game.opponent}/{game.place}/replay"
        try:
            answer = await self._client.get(f"{self._url}{path}", extensions=bounded(seconds=REPLAY_SECONDS))
        except httpx.HTTPError as error:
            raise GauntletUnreachableError(f"the gauntlet service does not tell the game: {error!r}") from None
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise UnknownError(
                f"there is no game {game.place} against {game.opponent} in evaluation {game.evaluation_id}"
            )
        if not answer.is_success:
            raise GauntletUnreachableError(
                f"the gauntlet service does not tell the game: {answer.text[:LONGEST_DETAIL]}"
            )
        return answer.content

    def _keep(self, game: GameAddress, told: bytes) -> None:
        try:
            self._kept[game] = GameReplay.model_validate_json(told), len(told)
        except ValidationError as error:
            raise GauntletUnreachableError(
                f"what the gauntlet service tells is no game: {error!r}"[:LONGEST_DETAIL]
            ) from None
        while len(self._kept) > 1 and sum(size for _, size in self._kept.values()) > MOST_KEPT_BYTES:
            self._kept.popitem(last=False)
