"""The kind of problem that the gauntlet service answers besides the common ones, and which exception each answers for."""

from __future__ import annotations

from collections.abc import Mapping

from services.gauntlet import errors
from shared.storage.artifacts import PathRefusedError
from shared.storage.idempotency import KeyReusedError
from shared.web.problems import IdempotencyKeyReused, NotFound, PathRefused, Problem


class EvaluationEnded(Problem):
    """The evaluation has ended, and an end is final."""

    status, slug = 409, "evaluation-ended"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {
    errors.UnknownError: NotFound,
    errors.EndedError: EvaluationEnded,
    PathRefusedError: PathRefused,
    KeyReusedError: IdempotencyKeyReused,
}
