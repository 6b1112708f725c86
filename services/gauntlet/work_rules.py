"""How long workers may be silent, models may think and evaluations may take, as the settings say. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkRules:
    """`claim_seconds`: how long a claim lasts without a report; `most_attempts`: workers that may die in a row; `at_once`:
    evaluations of one configuration that run at once; the rest are deadlines, of an answer, of a game, of an evaluation."""

    claim_seconds: float
    most_attempts: int
    at_once: int
    move_seconds: float
    game_seconds: float
    evaluation_seconds: float
    most_model_bytes: int
