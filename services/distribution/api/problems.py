"""The kinds of problem that only this service answers, and which problem answers for which of its exceptions."""

from __future__ import annotations

from collections.abc import Mapping

from services.distribution.errors import NotCanonicalError, UnknownError
from shared.web.problems import NotFound, Problem


class NotCanonical(Problem):
    """The version or digest is not the canonical one, and only that can be distributed."""

    status, slug = 409, "not-canonical"


TRANSLATIONS: Mapping[type[Exception], type[Problem]] = {UnknownError: NotFound, NotCanonicalError: NotCanonical}
