"""The kinds of problem that only the agent answers, and which problem answers for which of its exceptions."""

from __future__ import annotations

from collections.abc import Mapping

from services.distribution.agent.service import NotPlayedError, NotProvenError
from services.distribution.agent.sources import SourceRefusedError
from services.distribution.agent.store import VersionRefusedError
from shared.web.problems import Problem


class SourceRefused(Problem):
    """The source is no address at the configured distribution service, or the address at none of RINGRIFT_AGENT_SOURCES."""

    status, slug = 422, "source-refused"


class NotPlayed(Problem):
    """The node does not hold models of that configuration."""

    status, slug = 409, "not-played"


class VersionRefused(Problem):
    """The node holds or fetches a higher version, or other bytes under the same one; it never steps down."""

    status, slug = 409, "version-refused"


class NotProven(Problem):
    """The signed pointer does not name the version of the order, or cannot be believed; nothing else is taken."""

    status, slug = 409, "not-proven"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    NotPlayedError: NotPlayed,
    SourceRefusedError: SourceRefused,
    VersionRefusedError: VersionRefused,
    NotProvenError: NotProven,
}
