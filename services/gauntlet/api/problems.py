"""The kind of problem that the gauntlet service answers besides the common ones, and which exception each answers for."""

from __future__ import annotations

from collections.abc import Mapping

from services.gauntlet import errors
from services.gauntlet.cloud_event import UnreadableError
from services.gauntlet.training import EventIdReusedError
from shared.storage.artifacts import ModelMissingError, PathRefusedError
from shared.storage.idempotency import KeyReusedError
from shared.web.problems import IdempotencyKeyReused, ModelNotFound, NotFound, PathRefused, Problem


class EvaluationEnded(Problem):
    """The evaluation has ended, and an end is final."""

    status, slug = 409, "evaluation-ended"


class NotVerifiable(Problem):
    """The evaluation has no evidence, or a model of it cannot be loaded any more."""

    status, slug = 409, "not-verifiable"


class NotTellable(Problem):
    """The recorded game cannot be played again here: its rules are not installed, or it takes too long."""

    status, slug = 409, "not-tellable"


class Busy(Problem):
    """As much of this as may be done at once is being done; ask again."""

    status, slug = 503, "busy"


class ClaimOver(Problem):
    """There is no such claim any more: its games are played, or count for nothing. Ask for other work."""

    status, slug = 410, "claim-over"


class ReportRefused(Problem):
    """A reported game cannot be one of the claim."""

    status, slug = 422, "report-refused"


class DifferentGame(Problem):
    """A game was recorded already, and was played otherwise. The first one stands, and the claim is over."""

    status, slug = 409, "different-game"


class ProtocolUnsupported(Problem):
    """This service and the worker have no protocol in common: upgrade the older one."""

    status, slug = 409, "protocol-unsupported"


class InvalidCloudEvent(Problem):
    """The body is no CloudEvent."""

    status, slug = 422, "invalid-cloud-event"


class TrainingRejected(Problem):
    """The announcement cannot be evaluated; `training` names where it is kept. Mend it and send it again."""

    status, slug = 422, "training-rejected"


class EventIdReused(Problem):
    """The source announced something else under this id before."""

    status, slug = 422, "event-id-reused"


class UploadOffset(Problem):
    """The piece is not the next one; `offset` says where that begins."""

    status, slug = 409, "upload-offset"


class UploadRefused(Problem):
    """What was sent has another digest than its name, or more bytes than may be. Nothing of it is kept."""

    status, slug = 422, "upload-refused"


class NoRoom(Problem):
    """There is no room for it just now; go on later."""

    status, slug = 507, "no-room"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    errors.UnknownError: NotFound,
    errors.EndedError: EvaluationEnded,
    errors.NotVerifiableError: NotVerifiable,
    errors.NotTellableError: NotTellable,
    errors.BusyError: Busy,
    errors.ClaimOverError: ClaimOver,
    errors.DifferentGameError: DifferentGame,
    errors.ReportRefusedError: ReportRefused,
    errors.UploadOffsetError: UploadOffset,
    errors.UploadRefusedError: UploadRefused,
    errors.NoRoomError: NoRoom,
    UnreadableError: InvalidCloudEvent,
    EventIdReusedError: EventIdReused,
    PathRefusedError: PathRefused,
    ModelMissingError: ModelNotFound,
    KeyReusedError: IdempotencyKeyReused,
}
