"""What the distribution service cannot do, as exceptions; api/problems.py says how each is answered over HTTP."""

from __future__ import annotations

from services.distribution.delivery import Head


class UnknownError(Exception):
    """There is nothing of that name; the text says where to look."""


class NodeExistsError(Exception):
    """The name is that of a node at another address."""


class NodeDeletedError(Exception):
    """An operator deleted the node that wants to join."""


class NodeDoubledError(Exception):
    """Another agent that answers has that name, or that instance id; the text says where."""


class NodeElsewhereError(Exception):
    """The node is in none of the networks in which nodes may be; the text says where it is."""


class TooManyNodesError(Exception):
    """As many nodes are registered as may be."""


class NotCanonicalError(Exception):
    """What was asked for is not the canonical version; the text says which one is."""


class NotKnownYetError(Exception):
    """A higher version was asked for than the ledger has named here."""

    def __init__(self, configuration: str, version: int, head: Head | None) -> None:
        known = f"canonical here is {head}" if head else "nothing is canonical here"
        super().__init__(
            f"version {version} of {configuration} is not known here yet: {known}; the ledger's feed will bring it"
        )
