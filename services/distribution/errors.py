"""What the distribution service cannot do, as exceptions; api/problems.py says how each is answered over HTTP."""

from __future__ import annotations


class UnknownError(Exception):
    """There is nothing of that name; the text says where to look."""


class NotCanonicalError(Exception):
    """What was asked for is not the canonical version; the text says which one is."""
