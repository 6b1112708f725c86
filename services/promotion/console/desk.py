"""What the pages need beside the use cases: sessions, the keys, and who may look without one."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from services.promotion.console.session import Sessions
from services.promotion.settings import PromotionSettings
from shared.process.credentials import AcceptedKeys, Caller


@dataclass(frozen=True)
class Desk:
    """`anyone`: who everybody is where no keys are; `public`: whether pages are shown without a login, to be read."""

    keys: AcceptedKeys
    sessions: Sessions
    anyone: Caller | None
    public: bool

    @classmethod
    def of(cls, settings: PromotionSettings, keys: AcceptedKeys) -> Desk:
        """By the settings. Without a secret there this process makes one, so that its sessions end with it."""
        secret = (settings.pages_secret or secrets.token_hex(32)).encode()
        sessions = Sessions(secret, settings.pages_seconds, time.time)
        return cls(keys, sessions, settings.anyone, settings.pages_public)

    @property
    def has_keys(self) -> bool:
        """Whether people log in here."""
        return self.anyone is None
