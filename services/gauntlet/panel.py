"""Whom a candidate meets beside its gates: canonical versions of the past, as far as their bytes are held. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from shared.contract.evidence import CanonicalReference, PanelMember
from shared.contract.panel import versions_of
from shared.contract.words import Digest


def panel_of(candidate: Digest, previous: CanonicalReference, held: Mapping[int, Digest]) -> list[PanelMember]:
    """The panel of a candidate that meets `previous`. `held`: the digests of earlier versions whose bytes are there.

    Bytes that are met anyway, or that are the candidate's own, would say nothing: after a rollback two versions have the same.
    """
    met, members = {candidate, previous.digest}, list[PanelMember]()
    for opponent, version in versions_of(previous.version).items():
        digest = held.get(version)
        if digest is not None and digest not in met:
            members.append(PanelMember(opponent=opponent, canonical=CanonicalReference(version=version, digest=digest)))
            met.add(digest)
    return members
