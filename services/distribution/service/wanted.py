"""What an operator may want delivered again: the canonical version, and nothing else."""

from __future__ import annotations

from typing import NamedTuple

from services.distribution.delivery import Head
from services.distribution.errors import NotCanonicalError, NotKnownYetError, UnknownError


class Wanted(NamedTuple):
    """What an operator wants delivered again; where a version or digest is given, it must be the canonical one's."""

    configuration: str
    version: int | None = None
    digest: str | None = None

    def of(self, head: Head | None) -> Head:
        """The canonical version, if it is what is wanted. A wish never moves it; only the ledger does."""
        if self.version is not None and (head is None or head.version < self.version):
            raise NotKnownYetError(self.configuration, self.version, head)
        if head is None:
            raise nothing_promoted(self.configuration)
        if self.version not in (None, head.version) or self.digest not in (None, head.digest):
            raise NotCanonicalError(f"{self} was asked for, and canonical is {head}; only that can be distributed")
        return head

    def __str__(self) -> str:
        version = f" {self.version}" if self.version else ""
        return f"version{version} of {self.configuration}" + (f" with digest {self.digest}" if self.digest else "")


def nothing_promoted(configuration: str) -> UnknownError:
    """There is no canonical version."""
    return UnknownError(f"no version of {configuration} was promoted, so there is nothing to distribute")
