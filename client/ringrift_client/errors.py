"""Every way in which asking a service can fail, as one kind of exception.

FrontDoorError              whatever went wrong; the text says what, where, and what to do
├── MisconfiguredError      a variable of the environment cannot be used
├── UnreachableError        nobody answered
├── NotJsonError            somebody else answered
└── RefusedError            the service refused: `status`, and `kind`, the problem's type without its prefix (RFC 9457)
"""

from __future__ import annotations


class FrontDoorError(Exception):
    """The service refused, or could not be reached in time; the text says why."""


class MisconfiguredError(FrontDoorError):
    """A variable cannot be used; the text says which and why, and never a secret."""


class UnreachableError(FrontDoorError):
    """Nobody answered at the address."""


class NotJsonError(FrontDoorError):
    """Whoever answered at the address is no service of the suite."""


class RefusedError(FrontDoorError):
    """The service refused. `kind`: the problem's kind, such as `not-found`."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.kind, self.detail = status, kind, detail
