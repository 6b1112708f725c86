"""What the promotion service cannot do, as exceptions; api/problems.py says how each is answered over HTTP."""

from __future__ import annotations


class UnknownError(Exception):
    """There is nothing of that name."""


class KeyTooStrongError(Exception):
    """A key is good for more than the caller's own."""


class TooManyKeysError(Exception):
    """As many keys are good as may be."""


class NeverCanonicalError(Exception):
    """Bytes that never were canonical cannot be distributed."""

    def __init__(self, digest: str) -> None:
        super().__init__(
            "these bytes never were canonical, so they cannot be distributed; promote them with POST /admin/promote"
        )
        self.extra = {"digest": digest}


class NotCanonicalError(Exception):
    """Bytes that were canonical before are not now."""


class NameDisagreesError(Exception):
    """A file is called the canonical file of one configuration, and is something else."""


class TooFewGamesError(Exception):
    """Fewer games than the policy asks for would decide."""


class NotAwaitingError(Exception):
    """A decision does not wait for a person's word, or not any more."""


class EvidenceStaleError(Exception):
    """What was to be approved has to be evaluated again first."""


class HeldError(Exception):
    """A person's hold stands in the way."""


class BytesMissingError(Exception):
    """The artifact store lacks what should become canonical."""


class VersionMovedError(Exception):
    """The pointer is not where the caller saw it."""


class AlreadyCanonicalError(Exception):
    """The canonical version already has these bytes."""


class ReceiverRefusedError(Exception):
    """Nothing is sent to such an address."""


class TooManyWebhooksError(Exception):
    """There are as many webhooks as there may be."""


class GauntletUnreachableError(Exception):
    """The gauntlet service did not answer."""


class DistributionUnreachableError(Exception):
    """The distribution service did not answer."""


class DistributionRefusedError(Exception):
    """The distribution service answered with a refusal."""


class PageRefusedError(Exception):
    """A form, or whoever sent it, is not what the pages take."""
