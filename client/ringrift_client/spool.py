"""The spool: announcements that the suite has not taken yet, each a file in a folder, oldest first.

What is sent is deleted afterwards; a crash between the two sends it again, which changes nothing, because source and event id say
which announcement it is. So any number of processes may share a folder. It sends nothing itself.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ringrift_client.model_file import flush_folder

MOST = 1000
"""Announcements that wait at most, and as many that were set aside."""
ASIDE = "refused"


def usual_folder() -> Path:
    """Where announcements wait unless another folder is named."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "ringrift" / "spool"


class Spool:
    """Announcements in `folder`, `most` of them; each method raises OSError where the disk does."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.folder, self._most = folder, most

    def put(self, event: Mapping[str, Any]) -> Path:
        """Keep an announcement; where too many wait, the oldest is set aside."""
        waiting = self.waiting()
        for path in waiting[: max(len(waiting) - self._most + 1, 0)]:
            self.set_aside(path, f"more than {self._most} announcements waited, and this was the oldest")
        path = self.folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
        _write(path, dict(event))
        return path

    def waiting(self) -> list[Path]:
        """What waits, oldest first."""
        return _listed(self.folder)

    def read(self, path: Path) -> dict[str, Any] | None:
        """An announcement that waits; None where another process was faster, or what lies there is none and was set aside."""
        try:
            event = json.loads(path.read_bytes())
            if isinstance(event, dict) and isinstance(event["data"], dict) and event["source"] and event["id"]:
                return event
            raise ValueError
        except FileNotFoundError:
            return None
        except (ValueError, KeyError):
            self.set_aside(path, "it is no announcement")
            return None

    def done(self, path: Path) -> None:
        """The suite has it."""
        path.unlink(missing_ok=True)

    def set_aside(self, path: Path, reason: str) -> None:
        """It will never be taken: keep it with the reason, out of the others' way."""
        try:
            content = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        kept = _listed(self.folder / ASIDE)
        for old in kept[: max(len(kept) - self._most + 1, 0)]:
            old.unlink(missing_ok=True)
        _write(self.folder / ASIDE / path.name, {"reason": reason, "announcement": content})
        path.unlink(missing_ok=True)


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.json"))


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all, and on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with unfinished.open("x", encoding="utf-8") as stream:
            json.dump(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
        flush_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
