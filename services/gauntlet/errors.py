"""What the gauntlet service cannot do, as exceptions; api/problems.py says how each is answered over HTTP."""

from __future__ import annotations


class UnknownError(Exception):
    """There is no such evaluation."""


class EndedError(Exception):
    """The evaluation has ended, and an end is final."""


class LeaseLostError(Exception):
    """Another runner has the evaluation now, or it was cancelled; nothing more may be written."""
