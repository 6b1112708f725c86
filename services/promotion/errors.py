"""What the promotion service cannot do, as exceptions; api/problems.py says how each is answered over HTTP."""

from __future__ import annotations


class UnknownError(Exception):
    """There is nothing of that name."""


class NeverCanonicalError(Exception):
    """Bytes that never were canonical cannot be distributed."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            "these bytes never were canonical, so they cannot be distributed; promote them with POST /admin/promote"
        )
        self.extra = {"digest": digest}


class NotCanonicalError(Exception):
    """Bytes that were canonical before are not now."""


class BytesMissingError(Exception):
    """The artifact store lacks what should become canonical."""


class VersionMovedError(Exception):
    """The pointer is not where the caller saw it."""


class AlreadyCanonicalError(Exception):
    """The canonical version already has these bytes."""


class DistributionUnreachableError(Exception):
    """The distribution service did not answer."""


class DistributionRefusedError(Exception):
    """The distribution service answered with a refusal."""
