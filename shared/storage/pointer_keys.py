"""The folder of a signed pointer's keys and roots, as `ringrift trust` makes it and the promotion service reads it.

Layout: `1.root.json`, `2.root.json` ... each root ever made; `online.pem`, the promotion service's private key; `offline/root.pem`,
the root's private key, which belongs on no machine of the suite. Needs the extra `trust`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from shared.contract.pointer_metadata import ONLINE_ROLES, make_root, sign
from shared.contract.signed_pointer import Pointed, root_name, root_version
from shared.storage.files import write_atomically

MOST_ROOT_BYTES = 512_000
"""As much as a TUF client reads of a root."""


class PointerKeysError(Exception):
    """The folder cannot be used; the text says why, and what would help."""


class PointerKeys:
    """The folder. It is read anew each time, so a root that was put there counts at once. Blocks: call it from a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def root(self, version: int) -> bytes | None:
        """A root's bytes, None if there is none of that version."""
        try:
            with (self._folder / root_name(version)).open("rb") as stream:
                return stream.read(MOST_ROOT_BYTES)
        except FileNotFoundError:
            return None

    def newest_root(self) -> Root:
        """The root of the highest version. PointerKeysError."""
        versions = [root_version(path.name) or 0 for path in self._folder.glob("*.root.json")]
        content = self.root(max(versions, default=0))
        if content is None:
            raise PointerKeysError(f"{self._folder} has no root; `ringrift trust init {self._folder}` makes one")
        return read_root(content)

    def online(self) -> CryptoSigner:
        """The key that signs what is canonical. PointerKeysError if it is missing, or the newest root does not name it."""
        signer = _key(self._folder / "online.pem")
        if signer.public_key.keyid not in self.newest_root().roles["targets"].keyids:
            raise PointerKeysError(f"the newest root in {self._folder} names another key than online.pem")
        return signer

    def sign(self, pointed: Iterable[Pointed], version: int, expires: datetime) -> Mapping[str, bytes]:
        """The metadata that names these, by the name under which it is served. PointerKeysError."""
        return sign(pointed, self.online(), version, expires)

    def begin(self, days: float) -> Path:
        """Make both keys and the first root; returns its path. PointerKeysError if there is one already."""
        if any(self._folder.glob("*.root.json")):
            raise PointerKeysError(f"{self._folder} has a root already; `ringrift trust rotate` makes the next one")
        offline = CryptoSigner.generate_ed25519()
        _write_key(self._folder / "offline" / "root.pem", offline)
        return self._write_root(1, offline, days)

    def rotate(self, days: float, offline_key: Path | None = None) -> Path:
        """Make another online key, and the root that names it; returns its path. PointerKeysError."""
        version = self.newest_root().version + 1
        return self._write_root(version, _key(offline_key or self._folder / "offline" / "root.pem"), days)

    def _write_root(self, version: int, offline: CryptoSigner, days: float) -> Path:
        online, path = CryptoSigner.generate_ed25519(), self._folder / root_name(version)
        expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
        root = make_root(version, offline, online.public_key, expires)
        self._require_trusted(version, root)
        _write_key(self._folder / "online.pem", online)
        with write_atomically(path) as stream:
            stream.write(root)
        path.chmod(0o644)
        return path

    def _require_trusted(self, version: int, root: bytes) -> None:
        """A root that the one before does not vouch for would be believed by nobody."""
        before = self.root(version - 1)
        if before is None:
            return
        try:
            Metadata[Root].from_bytes(before).verify_delegate("root", Metadata[Root].from_bytes(root))
        except RepositoryError:
            raise PointerKeysError("this is not the key of the roots in the folder; give that one") from None


def read_root(content: bytes) -> Root:
    """A root whose bytes are its own proof: signed by the key that it names. PointerKeysError."""
    try:
        metadata = Metadata[Root].from_bytes(content)
        root = metadata.signed
        if not isinstance(root, Root) or set(root.roles) != {"root", *ONLINE_ROLES}:
            raise PointerKeysError("it is no root of TUF metadata")
        metadata.verify_delegate("root", metadata)
    except (RepositoryError, ValueError) as error:
        raise PointerKeysError(f"it is no root of TUF metadata: {error}"[:300]) from None
    return root


def _key(path: Path) -> CryptoSigner:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise PointerKeysError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise PointerKeysError(f"{path} is no private key in PEM form without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PointerKeysError(f"{path} is no Ed25519 key")
    return CryptoSigner(key)


def _write_key(path: Path, signer: CryptoSigner) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(signer.private_bytes)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
