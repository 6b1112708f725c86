"""The kinds of problem that only this service answers, and which problem answers for which of its exceptions."""

from __future__ import annotations

from collections.abc import Mapping

from services.distribution.errors import (
    NodeDeletedError,
    NodeDoubledError,
    NodeElsewhereError,
    NodeExistsError,
    NotCanonicalError,
    NotKnownYetError,
    TooManyNodesError,
    UnknownError,
)
from shared.web.problems import NotFound, Problem


class NotCanonical(Problem):
    """The version or digest is not the canonical one, and only that can be distributed."""

    status, slug = 409, "not-canonical"


class NotKnownYet(Problem):
    """The ledger has not named that version here; its feed brings what it has, and with it the delivery."""

    status, slug = 409, "not-known-yet"


class NodeExists(Problem):
    """The name is taken by a node at another address; PUT gives that one another address."""

    status, slug = 409, "node-exists"


class NodeDeleted(Problem):
    """An operator deleted the node that wants to join; POST /v1/nodes registers it again."""

    status, slug = 409, "node-deleted"


class NodeDoubled(Problem):
    """Another agent that answers has that name, or that instance id."""

    status, slug = 409, "node-doubled"


class NodeElsewhere(Problem):
    """The node is in none of the networks in which nodes may be (RINGRIFT_NODE_NETWORKS)."""

    status, slug = 422, "node-elsewhere"


class TooManyNodes(Problem):
    """As many nodes are registered as may be; delete those that are gone."""

    status, slug = 409, "too-many-nodes"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    UnknownError: NotFound,
    NotCanonicalError: NotCanonical,
    NotKnownYetError: NotKnownYet,
    NodeExistsError: NodeExists,
    NodeDeletedError: NodeDeleted,
    NodeDoubledError: NodeDoubled,
    NodeElsewhereError: NodeElsewhere,
    TooManyNodesError: TooManyNodes,
}
