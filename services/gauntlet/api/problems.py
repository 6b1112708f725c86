"""The kind of problem that the gauntlet service answers besides the common ones, and which exception each answers for."""

from __future__ import annotations

from collections.abc import Mapping

from services.gauntlet import errors
from services.gauntlet.cloud_event import UnreadableError
from services.gauntlet.training import EventIdReusedError
from shared.storage.artifacts import PathRefusedError
from shared.storage.idempotency import KeyReusedError
from shared.web.problems import IdempotencyKeyReused, NotFound, PathRefused, Problem


class EvaluationEnded(Problem):
    """The evaluation has ended, and an end is final."""

    status, slug = 409, "evaluation-ended"


class NotVerifiable(Problem):
    """The evaluation has no evidence, or a model of it cannot be loaded any more."""

    status, slug = 409, "not-verifiable"


class Busy(Problem):
    """Another verification is being made; ask again."""

    status, slug = 503, "busy"


class InvalidCloudEvent(Problem):
    """The body is no CloudEvent."""

    status, slug = 422, "invalid-cloud-event"


class TrainingRejected(Problem):
    """The announcement cannot be evaluated; `training` names where it is kept. Mend it and send it again."""

    status, slug = 422, "training-rejected"


class EventIdReused(Problem):
    """The source announced something else under this id before."""

    status, slug = 422, "event-id-reused"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    errors.UnknownError: NotFound,
    errors.EndedError: EvaluationEnded,
    errors.NotVerifiableError: NotVerifiable,
    errors.BusyError: Busy,
    UnreadableError: InvalidCloudEvent,
    EventIdReusedError: EventIdReused,
    PathRefusedError: PathRefused,
    KeyReusedError: IdempotencyKeyReused,
}
