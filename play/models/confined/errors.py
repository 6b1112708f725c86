"""What may become of a model in a process of its own, beside the errors of its file and of its answers.

    ConfinedError
    ├── ModelTooSlowError    no answer in time
    └── ModelLostError       the process ended, or said what it must not

They are no `EvaluatorError`: whether the model or the machine is to blame is for others to judge.
"""

from __future__ import annotations


class ConfinedError(Exception):
    """A model that can be asked no more. Its process is gone, or is being ended. `words`: the end of its standard error."""

    def __init__(self, text: str, words: str = "") -> None:
        super().__init__(text)
        self.words = words


class ModelTooSlowError(ConfinedError):
    """No answer came in time; the text says in which."""


class ModelLostError(ConfinedError):
    """The process ended, or what it said is no answer; the text has its last words on standard error."""
