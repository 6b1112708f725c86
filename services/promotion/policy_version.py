"""Policy versions: the gate policies that people set for a configuration. Pure; a version is only followed by the next higher one.

Version 0 is the environment's policy, which holds until somebody sets another one, and again after a version without gates.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.promotion.errors import VersionMovedError
from shared.contract.policy import GatePolicy

ENVIRONMENT = "the environment"


class PolicyVersion(NamedTuple):
    """One version. `gates`: None where the environment's hold again; `set_at`: None of version 0."""

    configuration: str
    version: int
    gates: GatePolicy | None
    reason: str
    set_by: str
    set_at: datetime | None

    def require_seen(self, seen: int | None) -> None:
        """Compare before it is followed. VersionMovedError unless it is what the caller saw; None: that does not matter."""
        if seen not in (None, self.version):
            raise VersionMovedError(f'the policy of {self.configuration} is version {self.version}, not "{seen}"')


def of_environment(configuration: str) -> PolicyVersion:
    """What holds where nobody ever set a policy."""
    return PolicyVersion(configuration, 0, None, "nobody set another one", ENVIRONMENT, None)
