"""What is said of the signed pointer on its way from the promotion service to nodes: names, and what it names. Pure.

There is one target for each configuration. Making and verifying the metadata is pointer_metadata.py's, which needs more packages.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TIMESTAMP = "timestamp.json"
FILE_PATTERN = r"^(timestamp|[1-9][0-9]{0,17}\.(root|snapshot|targets))\.json$"
"""Names under which metadata is served."""


class Pointed(NamedTuple):
    """What a configuration's target names; `size` in bytes; `epoch`: of the ledger that names it."""

    configuration: str
    version: int
    digest: str
    size: int
    epoch: int = 0

    def __str__(self) -> str:
        return f"version {self.version} of {self.configuration} with digest {self.digest}"


def root_name(version: int) -> str:
    """Under which name a root is served."""
    return f"{version}.root.json"


def root_version(name: str) -> int | None:
    """The version of the root that is served under a name; None if it is another file's."""
    found = re.fullmatch(r"([1-9][0-9]{0,17})\.root\.json", name)
    return int(found[1]) if found else None
