"""The signed pointer as TUF metadata: a target for each configuration, its length and SHA-256, with the version beside them. Pure.

The root role's key stays offline; targets, snapshot and timestamp are signed together by the promotion service's key, with one
version number and one expiry. Needs the extra `trust`. Source: The Update Framework, specification 1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from securesystemslib.signer import Key, Signer
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from shared.contract.signed_pointer import TIMESTAMP, Pointed

ONLINE_ROLES = ("timestamp", "snapshot", "targets")


def make_root(version: int, offline: Signer, online: Key, expires: datetime) -> bytes:
    """A root, signed: `offline` is the root role's own key, `online` that of the other three roles."""
    root = Root(version=version, expires=expires, consistent_snapshot=True)
    root.roles["root"] = Role([], 1)
    root.add_key(offline.public_key, "root")
    for role in ONLINE_ROLES:
        root.add_key(online, role)
    metadata = Metadata(root)
    metadata.sign(offline)
    return _bytes(metadata)


def sign(pointed: Iterable[Pointed], online: Signer, version: int, expires: datetime) -> Mapping[str, bytes]:
    """The metadata that names these, by the name under which it is served."""
    targets = Targets(version=version, expires=expires, targets={each.configuration: _target(each) for each in pointed})
    snapshot = Snapshot(version=version, expires=expires, meta={"targets.json": MetaFile(version)})
    timestamp = Timestamp(version=version, expires=expires, snapshot_meta=MetaFile(version))
    return {
        f"{version}.targets.json": _signed(Metadata(targets), online),
        f"{version}.snapshot.json": _signed(Metadata(snapshot), online),
        TIMESTAMP: _signed(Metadata(timestamp), online),
    }


def pointed_by(configuration: str, target: TargetFile) -> Pointed:
    """What a target names. ValueError if it is none of ours."""
    digest, version = target.hashes.get("sha256"), target.custom.get("version") if target.custom else None
    if digest is None or not isinstance(version, int):
        raise ValueError(f"the target {configuration} names no version or no SHA-256")
    return Pointed(configuration, version, digest, target.length, _epoch(target))


def _epoch(target: TargetFile) -> int:
    epoch = (target.custom or {}).get("epoch", 0)
    if not isinstance(epoch, int):
        raise ValueError(f"the target {target.path} is of no epoch of a ledger")
    return epoch


def _target(pointed: Pointed) -> TargetFile:
    more = {"custom": {"version": pointed.version, "epoch": pointed.epoch}}
    return TargetFile(pointed.size, {"sha256": pointed.digest}, pointed.configuration, more)


def _signed(metadata: Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp], online: Signer) -> bytes:
    metadata.sign(online)
    return _bytes(metadata)


def _bytes(metadata: Metadata[Root] | Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp]) -> bytes:
    return metadata.to_bytes(JSONSerializer(compact=True, validate=True))
