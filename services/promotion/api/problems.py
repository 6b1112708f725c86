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


class BytesMissing(Problem):
    """The artifact store lacks the bytes of that version."""

    status, slug = 409, "bytes-missing"


class VersionMoved(Problem):
    """The canonical version is not the one of If-Match."""

    status, slug = 412, "version-moved"


class AlreadyCanonical(Problem):
    """The canonical version already has these bytes."""

    status, slug = 409, "already-canonical"


class DistributionUnreachable(Problem):
    """The distribution service did not answer."""

    status, slug = 503, "distribution-unreachable"


class DistributionRefused(Problem):
    """The distribution service refused."""

    status, slug = 503, "distribution-refused"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    errors.UnknownError: NotFound,
    errors.NeverCanonicalError: NeverCanonical,
    errors.NotCanonicalError: NotCanonical,
    errors.BytesMissingError: BytesMissing,
    errors.VersionMovedError: VersionMoved,
    errors.AlreadyCanonicalError: AlreadyCanonical,
    errors.DistributionUnreachableError: DistributionUnreachable,
    errors.DistributionRefusedError: DistributionRefused,
    PathRefusedError: PathRefused,
    ModelMissingError: ModelNotFound,
    KeyReusedError: IdempotencyKeyReused,
}
