"""What the gauntlet service cannot do, as exceptions; api/problems.py says how some are answered over HTTP.

Exception
├── UnknownError            there is no such evaluation
├── NotVerifiableError      an evaluation cannot be verified
├── BusyError               as much as may be done at once is being done
├── LeaseLostError          a runner may write nothing more
└── MoveRefusedError        no move leads there from the state that it is in
    └── EndedError          no move leads anywhere any more
"""

from __future__ import annotations


class UnknownError(Exception):
    """There is no such evaluation."""


class NotVerifiableError(Exception):
    """The evaluation has no evidence, or what is needed to play its games again cannot be had."""


class BusyError(Exception):
    """As much of this as may be done at once is being done; ask again."""


class LeaseLostError(Exception):
    """Another runner has the evaluation now, or it has ended; nothing more may be written under this lease."""


class MoveRefusedError(Exception):
    """The evaluation is not in a state from which this move leads."""


class EndedError(MoveRefusedError):
    """The evaluation has ended, and an end is final."""
