"""The node's models on disk. Blocks: call it from a thread.

Layout: `models/canonical_<configuration>.pth`, `state/<configuration>.json` (version and digest), and
`parts/<configuration>/<digest>.part` while bytes arrive. A file gets its canonical name only whole, verified and forced to disk, so
whatever moment the process dies at, the old or the new file is there. What is reported was hashed on this disk.
"""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from services.distribution.agent.part import Part
from shared.contract.configuration import Configuration
from shared.contract.words import canonical_name
from shared.storage.files import SPARE_BYTES, UNFINISHED, digest_of, publish_file, write_atomically


class StoreError(Exception):
    """The order cannot be carried out here; the text says why."""


class VersionRefusedError(StoreError):
    """The node holds a higher version, or other bytes under the same one."""


class _State(BaseModel):
    version: int
    digest: str


class Model(NamedTuple):
    """A verified model on disk; `size` in bytes."""

    version: int
    digest: str
    size: int


class ModelStore:
    """The models of one node."""

    def __init__(self, folder: Path) -> None:
        self._models, self._states, self._parts = folder / "models", folder / "state", folder / "parts"
        self._lock = threading.Lock()
        self._hashed: dict[Path, tuple[tuple[int, ...], str]] = {}
        for each in (self._models, self._states, self._parts):
            each.mkdir(parents=True, exist_ok=True)
        for leftover in self._states.glob(UNFINISHED):
            leftover.unlink()

    def path(self, configuration: str) -> Path:
        """Where the canonical file of a configuration is, or would be."""
        return self._models / canonical_name(configuration)

    def free_bytes(self) -> int:
        """Free space on the models' disk."""
        return shutil.disk_usage(self._models).free

    def models(self) -> dict[str, Model]:
        """Every model whose bytes on disk have the digest that its state names, by configuration."""
        with self._lock:
            found = {path.stem: self._verified(path.stem) for path in sorted(self._states.glob("*.json"))}
        return {configuration: model for configuration, model in found.items() if model is not None}

    def admit(self, configuration: str, version: int, digest: str) -> bool:
        """Whether that version is on disk already. VersionRefusedError if it would be a step down."""
        with self._lock:
            self._require_upwards(configuration, version, digest)
            if self._digest(self.path(configuration)) != digest:
                return False
            if self._state(configuration) != _State(version=version, digest=digest):
                self._write_state(configuration, version, digest)
            return True

    def require_space(self, needed: int) -> None:
        """StoreError unless `needed` more bytes fit, with something to spare."""
        free = self.free_bytes()
        if free < needed + SPARE_BYTES:
            raise StoreError(f"the disk has {free} bytes free and {needed + SPARE_BYTES} are needed")

    def part(self, configuration: str, digest: str) -> Part:
        """The arriving file, with whatever an earlier transfer left of it, hashed anew."""
        return Part(self._parts / configuration / f"{digest}.part")

    def publish(self, configuration: str, version: int, digest: str, part: Part) -> None:
        """Give a finished part the canonical name. StoreError, and no part any more, if its bytes have another digest."""
        found = part.finish()
        if found != digest:
            part.discard()
            raise StoreError(f"the bytes that arrived have digest {found}, not {digest}; they were discarded")
        part.close()
        with self._lock:
            self._require_upwards(configuration, version, digest)
            publish_file(part.path, self.path(configuration))
            self._write_state(configuration, version, digest)
        for old in part.path.parent.glob("*.part"):
            old.unlink()

    def _require_upwards(self, configuration: str, version: int, digest: str) -> None:
        state = self._state(configuration)
        if state is None or state.version < version or state == _State(version=version, digest=digest):
            return
        raise VersionRefusedError(
            f"this node holds version {state.version} of {configuration} ({state.digest}); only a higher one is accepted"
        )

    def _verified(self, configuration: str) -> Model | None:
        state, path = self._state(configuration), self.path(configuration)
        if state is None or self._digest(path) != state.digest:
            return None
        with suppress(FileNotFoundError):
            return Model(state.version, state.digest, path.stat().st_size)
        return None

    def _digest(self, path: Path) -> str | None:
        """The digest of a file's bytes; read anew whenever anything about the file changed, and after each start."""
        try:
            stat = path.stat()
            seen = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            if self._hashed.get(path, ((), ""))[0] != seen:
                self._hashed[path] = (seen, digest_of(path))
        except FileNotFoundError:
            return None
        return self._hashed[path][1]

    def _state(self, configuration: str) -> _State | None:
        try:
            Configuration.parse(configuration)
            return _State.model_validate_json((self._states / f"{configuration}.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _write_state(self, configuration: str, version: int, digest: str) -> None:
        with write_atomically(self._states / f"{configuration}.json") as stream:
            stream.write(_State(version=version, digest=digest).model_dump_json().encode())
