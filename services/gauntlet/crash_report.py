"""A crash dossier as it is kept: with its number among those of its evaluation, and who reported it when. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.gauntlet.worker.crash import Crash


class CrashReport(NamedTuple):
    """`number`: from 1 on."""

    number: int
    claim_id: UUID
    worker: str
    reported_at: datetime
    crash: Crash
