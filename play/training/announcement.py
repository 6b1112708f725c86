"""What a trainer says of the checkpoint it has written: the data of a TRAINING_COMPLETED event. Publishes nothing."""

from __future__ import annotations

from pathlib import Path

from play.games.registry import get_game
from play.models.formats.checkpoint import load_checkpoint
from play.training.trainer import Plan
from shared.contract.events.trainer import TrainingCompleted


def announcement(plan: Plan, output: Path, digest: str) -> TrainingCompleted:
    """The event's data for a checkpoint that lies in the suite's models folder, identified by the digest of its bytes.

    CheckpointError when the file is none of the plan's configuration: what is announced can be loaded.
    """
    metadata = load_checkpoint(output, get_game(plan.board_type, plan.num_players)).metadata
    return TrainingCompleted.model_validate(
        {
            "board_type": plan.board_type,
            "num_players": plan.num_players,
            "model_path": f"models/{output.name}",
            "digest": digest,
            "model_version": metadata.version,
            "trained_at": metadata.trained_at,
            "training_games": plan.games,
            "epochs_completed": plan.epochs if plan.games else 0,
            "trained_by": "ringrift train",
        }
    )
