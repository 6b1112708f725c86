"""The kinds of problem that the promotion service answers besides the common ones, and which exception each answers for."""

from __future__ import annotations

from collections.abc import Mapping

from services.promotion import errors
from shared.storage.artifacts import ModelMissingError, PathRefusedError
from shared.storage.idempotency import KeyReusedError
from shared.web.problems import IdempotencyKeyReused, ModelNotFound, NotFound, PathRefused, Problem


class InvalidConfiguration(Problem):
    """The configuration in the path is none; a configuration is written like hex8_2p."""

    status, slug = 422, "invalid-configuration"


class NeverCanonical(Problem):
    """These bytes never were canonical, so they cannot be distributed."""

    status, slug = 409, "never-canonical"


class NotCanonical(Problem):
    """These bytes were canonical before and are not now."""

    status, slug = 409, "not-canonical"


class NameDisagrees(Problem):
    """The file is called the canonical file of one configuration and holds, or is to become, another's."""

    status, slug = 409, "name-disagrees"


class TooFewGames(Problem):
    """Fewer games were asked for than the policy asks for. Fewer show something, in a dry run; they decide nothing."""

    status, slug = 422, "too-few-games"


class NotAwaiting(Problem):
    """The decision does not wait for a person's word, or not any more; the detail says what became of it."""

    status, slug = 409, "not-awaiting"


class EvidenceStale(Problem):
    """The evidence answers another question than the present one, so the candidate is evaluated again; the detail says why."""

    status, slug = 409, "evidence-stale"


class Held(Problem):
    """A person's hold stands in the way: a pin, or a mark on the bytes. The detail says whose, and why."""

    status, slug = 409, "held"


class BytesMissing(Problem):
    """The artifact store lacks the bytes of that version."""

    status, slug = 409, "bytes-missing"


class KeyTooStrong(Problem):
    """The key is good for more than the caller's own, who can neither make nor revoke it."""

    status, slug = 403, "key-too-strong"


class TooManyKeys(Problem):
    """As many keys of that service are good as may be; revoke some first."""

    status, slug = 409, "too-many-keys"


class VersionMoved(Problem):
    """What is in force is not the version of If-Match."""

    status, slug = 412, "version-moved"


class AlreadyCanonical(Problem):
    """The canonical version already has these bytes."""

    status, slug = 409, "already-canonical"


class ReceiverRefused(Problem):
    """Nothing is sent to such an address; the detail says what would be right."""

    status, slug = 422, "receiver-refused"


class TooManyWebhooks(Problem):
    """There are as many webhooks as there may be."""

    status, slug = 409, "too-many-webhooks"


class GauntletUnreachable(Problem):
    """The gauntlet service did not answer."""

    status, slug = 503, "gauntlet-unreachable"


class DistributionUnreachable(Problem):
    """The distribution service did not answer."""

    status, slug = 503, "distribution-unreachable"


class DistributionRefused(Problem):
    """The distribution service refused."""

    status, slug = 503, "distribution-refused"


class PageRefused(Problem):
    """The pages do not take this form from this person; the detail says why."""

    status, slug = 403, "page-refused"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    errors.UnknownError: NotFound,
    errors.KeyTooStrongError: KeyTooStrong,
    errors.TooManyKeysError: TooManyKeys,
    errors.NeverCanonicalError: NeverCanonical,
    errors.NotCanonicalError: NotCanonical,
    errors.NameDisagreesError: NameDisagrees,
    errors.TooFewGamesError: TooFewGames,
    errors.NotAwaitingError: NotAwaiting,
    errors.EvidenceStaleError: EvidenceStale,
    errors.HeldError: Held,
    errors.BytesMissingError: BytesMissing,
    errors.VersionMovedError: VersionMoved,
    errors.AlreadyCanonicalError: AlreadyCanonical,
    errors.ReceiverRefusedError: ReceiverRefused,
    errors.TooManyWebhooksError: TooManyWebhooks,
    errors.GauntletUnreachableError: GauntletUnreachable,
    errors.DistributionUnreachableError: DistributionUnreachable,
    errors.DistributionRefusedError: DistributionRefused,
    errors.PageRefusedError: PageRefused,
    PathRefusedError: PathRefused,
    ModelMissingError: ModelNotFound,
    KeyReusedError: IdempotencyKeyReused,
}
