"""All SQL of the gauntlet service, a module for each table. Functions that change something take a `Write` and never commit."""

from services.gauntlet.repository.evaluations import (
    add_evaluation,
    announced,
    evaluation,
    extend,
    held,
    list_evaluations,
    locked,
    next_claimable,
    save,
    without_model,
    without_policy,
)
from services.gauntlet.repository.games import page_of_games, played_games, record_games, results
from services.gauntlet.repository.ledger import (
    canonical,
    knows_a_policy,
    record_canonical,
    remember_policy,
    remembered_policy,
)
from services.gauntlet.repository.retention import retention
from services.gauntlet.repository.trainings import add_training, list_trainings, replace_training, training

__all__ = [
    "add_evaluation",
    "add_training",
    "announced",
    "canonical",
    "evaluation",
    "extend",
    "held",
    "knows_a_policy",
    "list_evaluations",
    "list_trainings",
    "locked",
    "next_claimable",
    "page_of_games",
    "played_games",
    "record_canonical",
    "record_games",
    "remember_policy",
    "remembered_policy",
    "replace_training",
    "results",
    "retention",
    "save",
    "training",
    "without_model",
    "without_policy",
]
