"""What the pages need beside the use cases: sessions, the keys, what is read, what is live, and who may look without a key."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.promotion.console.live import Live
from services.promotion.console.read_model import ReadModel
from services.promotion.console.session import Sessions
from services.promotion.settings import PromotionSettings
from shared.process.credentials import AcceptedKeys, Caller
from shared.web.streams import Streams


@dataclass(frozen=True)
class Desk:
    """`anyone`: who everybody is where no keys are; `public`: whether pages are shown without a login, to be read; `streams`: of
    pages that are live, half of all connections at most; `live`: what each kind of them shows; `owed_seconds`: in which a forced
    version is evaluated."""

    keys: AcceptedKeys
    sessions: Sessions
    anyone: Caller | None
    public: bool
    model: ReadModel
    streams: Streams
    live: dict[str, Live]
    owed_seconds: float

    @classmethod
    def of(cls, settings: PromotionSettings, keys: AcceptedKeys, model: ReadModel) -> Desk:
        """By the settings. Without a secret there this process makes one, so that its sessions end with it."""
        secret = (settings.pages_secret or secrets.token_hex(32)).encode()
        sessions = Sessions(secret, settings.pages_seconds, time.time)
        streams = Streams(max(settings.most_connections // 2, 1))
        return cls(keys, sessions, settings.anyone, settings.pages_public, model, streams, {}, settings.waiver_seconds)

    @property
    def has_keys(self) -> bool:
        """Whether people log in here."""
        return self.anyone is None


async def model_of(request: Request) -> ReadModel:
    """What pages read, as a dependency of their routes."""
    model: ReadModel = request.app.state.desk.model
    return model


Model = Annotated[ReadModel, Depends(model_of)]
