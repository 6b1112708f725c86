"""What the gauntlet service cannot do, as exceptions; api/problems.py says how some are answered over HTTP.

Exception
├── UnknownError            there is no such evaluation
├── NotVerifiableError      an evaluation cannot be verified
├── BusyError               as much as may be done at once is being done
├── ClaimOverError          there is nothing more to do under a claim
├── ReportRefusedError      a worker reports what cannot be
│   └── DifferentGameError  a game was recorded already, and otherwise
├── UploadOffsetError       other bytes of a model are sent than the next ones
├── UploadRefusedError      what is sent is no such model
├── NoRoomError             what is sent finds no room
└── MoveRefusedError        no move leads there from the state that it is in
    └── EndedError          no move leads anywhere any more
"""

from __future__ import annotations


class UnknownError(Exception):
    """There is no such evaluation."""


class NotVerifiableError(Exception):
    """The evaluation has no evidence, or what is needed to play its games again cannot be had."""


class NotTellableError(Exception):
    """The recorded game cannot be played again here: its rules are not installed, or it takes too long."""


class BusyError(Exception):
    """As much of this as may be done at once is being done; ask again."""


class ClaimOverError(Exception):
    """There is no such claim any more: its games are played, or count for nothing."""


class ReportRefusedError(Exception):
    """What a worker reports cannot be: games that are not of its claim, or not of the schedule."""


class DifferentGameError(ReportRefusedError):
    """A game was recorded already, and was played otherwise; the first one stands."""


class UploadOffsetError(Exception):
    """The bytes that are sent of a model are not the next ones; `extra` says where those begin."""

    def __init__(self, arrived: int) -> None:
        super().__init__(f"{arrived} bytes have come; the next piece begins there")
        self.extra = {"offset": arrived}


class UploadRefusedError(Exception):
    """What is sent is no model of that size and digest, or a larger one than is taken."""


class NoRoomError(Exception):
    """There is no room for what is sent."""


class MoveRefusedError(Exception):
    """The evaluation is not in a state from which this move leads."""


class EndedError(MoveRefusedError):
    """The evaluation has ended, and an end is final."""
