"""The node's models on disk. Blocks: call it from a thread.

Layout: `models/canonical_<configuration>.pth`, `state/<configuration>.json` (version, digest, epoch), `kept/` with former models,
`parts/<configuration>/<digest>.part` while bytes arrive, and `instance`, an id made on the first start. A file gets its canonical
name only whole, verified and forced to disk, so whatever moment the process dies at, the old or the new file is there. What is
reported was hashed on this disk.
"""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from prometheus_client import Counter
from pydantic import BaseModel

from services.distribution.agent.content import WrongContentError, require_content
from services.distribution.agent.kept import KeptModels
from services.distribution.agent.part import Part
from shared.contract.configuration import Configuration
from shared.contract.words import canonical_name
from shared.process.logs import get_logger
from shared.storage.files import SPARE_BYTES, UNFINISHED, digest_of, publish_file, write_atomically

DAMAGED = Counter("ringrift_agent_damaged", "Model files whose bytes were found not to be what they should be")
REPAIRED = Counter("ringrift_agent_repaired", "Those of them that were replaced")
_log = get_logger(__name__)


class StoreError(Exception):
    """The order cannot be carried out here; the text says why."""


class VersionRefusedError(StoreError):
    """The node holds a higher version, or other bytes under the same one."""


class _State(BaseModel):
    version: int
    digest: str
    epoch: int = 0

    @property
    def height(self) -> tuple[int, int]:
        """What only goes upwards: the versions of a ledger that was restored come after all that it had given out before."""
        return self.epoch, self.version

    @property
    def named(self) -> tuple[int, str]:
        return self.version, self.digest


class Model(NamedTuple):
    """A verified model on disk; `size` in bytes; `epoch`: of the ledger that gave the version out."""

    version: int
    digest: str
    size: int
    epoch: int = 0


class Damage(NamedTuple):
    """A file whose bytes are not those that its state names; `found`: their digest, None if they cannot be read."""

    version: int
    digest: str
    found: str | None


Seen = tuple[int, ...]
"""What tells whether a file was changed."""


class ModelStore:
    """The models of one node. `keeps`: how many former ones of each configuration stay, beside those with `pinned` digests;
    `plays`: the configurations that it holds, empty for all. Those of others are removed, but not how far they had come."""

    def __init__(self, folder: Path, keeps: int = 1, pinned: Collection[str] = (), plays: Collection[str] = ()) -> None:
        self._models, self._states, self._parts = folder / "models", folder / "state", folder / "parts"
        self._kept = KeptModels(folder / "kept", keeps, pinned)
        self._lock = threading.Lock()
        self._hashed: dict[Path, tuple[Seen, str | None]] = {}
        self._damaged: dict[str, Damage] = {}
        for each in (self._models, self._states, self._parts):
            each.mkdir(parents=True, exist_ok=True)
        for leftover in self._states.glob(UNFINISHED):
            leftover.unlink()
        self.instance = _instance(folder / "instance")
        self.plays = frozenset(plays)
        for state in self._states.glob("*.json"):
            if not self.is_played(state.stem):
                self._drop(state.stem)

    def path(self, configuration: str) -> Path:
        """Where the canonical file of a configuration is, or would be."""
        return self._models / canonical_name(configuration)

    def free_bytes(self) -> int:
        """Free space on the models' disk."""
        return shutil.disk_usage(self._models).free

    def configurations(self) -> list[str]:
        """Those of which there is, or should be, a model."""
        return [path.stem for path in sorted(self._states.glob("*.json")) if self.is_played(path.stem)]

    def is_played(self, configuration: str) -> bool:
        """Whether this node holds models of a configuration."""
        return not self.plays or configuration in self.plays

    def models(self) -> dict[str, Model]:
        """Every model whose bytes on disk have the digest that its state names, by configuration."""
        return self.inventory()[0]

    def inventory(self) -> tuple[dict[str, Model], dict[str, Damage]]:
        """Every model as above, and every file whose bytes are others, by configuration."""
        with self._lock:
            found = {configuration: self._verified(configuration) for configuration in self.configurations()}
            damaged = {key: each for key, each in found.items() if isinstance(each, Damage)}
            for key in sorted(damaged.keys() - self._damaged.keys()):
                DAMAGED.inc()
                _log.error("damaged", configuration=key, **damaged[key]._asdict())
            self._damaged = damaged
        return {key: each for key, each in found.items() if isinstance(each, Model)}, damaged

    def admit(self, configuration: str, version: int, digest: str, epoch: int = 0) -> bool:
        """Whether that version is on disk already. VersionRefusedError if it would be a step down."""
        wanted = _State(version=version, digest=digest, epoch=epoch)
        with self._lock:
            self._require_upwards(configuration, wanted)
            if self._digest(self.path(configuration)) != digest and not self._take_kept(configuration, digest):
                return False
            if self._state(configuration) != wanted:
                self._write_state(configuration, wanted)
            self._kept.tidy(configuration)
            return True

    def require_space(self, needed: int) -> None:
        """StoreError unless `needed` more bytes fit, with something to spare."""
        free = self.free_bytes()
        if free < needed + SPARE_BYTES:
            raise StoreError(f"the disk has {free} bytes free and {needed + SPARE_BYTES} are needed")

    def part(self, configuration: str, digest: str) -> Part:
        """The arriving file, with whatever an earlier transfer left of it, hashed anew."""
        return Part(self._parts / configuration / f"{digest}.part")

    def publish(self, configuration: str, version: int, digest: str, part: Part, epoch: int = 0) -> None:
        """Give a finished part the canonical name. StoreError, and no part any more, if its bytes have another digest."""
        found = part.finish()
        if found != digest:
            part.discard()
            raise StoreError(f"the bytes that arrived have digest {found}, not {digest}; they were discarded")
        try:
            require_content(part.path, configuration)
        except WrongContentError as error:
            part.discard()
            raise StoreError(str(error)) from None
        part.close()
        wanted = _State(version=version, digest=digest, epoch=epoch)
        with self._lock:
            self._require_upwards(configuration, wanted)
            self._place(configuration, part.path)
            self._write_state(configuration, wanted)
            self._kept.tidy(configuration)
        for old in part.path.parent.glob("*.part"):
            old.unlink()

    def look(self, path: Path) -> Seen | None:
        """What tells later whether a file was changed since; None if there is none."""
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        return (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)

    def found(self, path: Path, seen: Seen, digest: str | None) -> None:
        """Somebody read a file that looked so, and its bytes had this digest; None if they could not be read."""
        with self._lock:
            if self.look(path) == seen:
                self._hashed[path] = (seen, digest)

    def _drop(self, configuration: str) -> None:
        """Remove the models of a configuration that is not played here any more."""
        if self.path(configuration).exists():
            _log.info("removed", configuration=configuration, why="this node does not play it")
        self.path(configuration).unlink(missing_ok=True)
        self._kept.drop(configuration)
        shutil.rmtree(self._parts / configuration, ignore_errors=True)

    def _place(self, configuration: str, path: Path) -> None:
        """Give a verified file the canonical name; what had it before is kept, if it is whole."""
        state, present = self._state(configuration), self.path(configuration)
        if state is not None and self._digest(present) == state.digest:
            self._kept.keep(configuration, state.digest, present)
        elif configuration in self._damaged:
            REPAIRED.inc()
        publish_file(path, present)

    def _take_kept(self, configuration: str, digest: str) -> bool:
        """Put a former model back on its place; False if it is not here."""
        path = self._kept.find(configuration, digest)
        if path is not None:
            self._place(configuration, path)
        return path is not None

    def _require_upwards(self, configuration: str, wanted: _State) -> None:
        state = self._state(configuration)
        if state is None or state.height < wanted.height or state == wanted:
            return
        raise VersionRefusedError(
            f"this node holds version {state.version} of {configuration} ({state.digest}); only a higher one is accepted"
        )

    def _verified(self, configuration: str) -> Model | Damage | None:
        state, path = self._state(configuration), self.path(configuration)
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            if state is not None:
                digest = self._digest(path)
                whole = digest == state.digest
                model = Model(state.version, state.digest, size, state.epoch)
                return model if whole else Damage(*state.named, digest)
        return None

    def _digest(self, path: Path) -> str | None:
        """The digest of a file's bytes, None if they cannot be read; read anew whenever anything about the file changed, and after
        each start."""
        seen = self.look(path)
        if seen is None:
            return None
        if self._hashed.get(path, ((), ""))[0] != seen:
            try:
                self._hashed[path] = (seen, digest_of(path))
            except OSError:
                self._hashed[path] = (seen, None)
        return self._hashed[path][1]

    def _state(self, configuration: str) -> _State | None:
        try:
            Configuration.parse(configuration)
            return _State.model_validate_json((self._states / f"{configuration}.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _write_state(self, configuration: str, state: _State) -> None:
        with write_atomically(self._states / f"{configuration}.json") as stream:
            stream.write(state.model_dump_json().encode())


def _instance(path: Path) -> str:
    """The id that tells this folder from every other; made if there is none."""
    with suppress(FileNotFoundError):
        found = path.read_text().strip()
        if re.fullmatch("[0-9a-f]{32}", found):
            return found
    made = secrets.token_hex(16)
    with write_atomically(path) as stream:
        stream.write(made.encode())
    return made
