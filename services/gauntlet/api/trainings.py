"""Trainings: announced by trainers, and what became of each."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.gauntlet import cloud_event
from services.gauntlet.api.dependencies import Service
from services.gauntlet.api.problems import EventIdReused, InvalidCloudEvent, TrainingRejected
from services.gauntlet.schemas import Trainings, TrainingView
from shared.contract.words import NOBODYS_ID, TrainingState
from shared.web.application import Limit, new_router
from shared.web.keys import TRAIN, TRAININGS
from shared.web.links import FIRST_ID, ID, NEXT, linked
from shared.web.problems import NotFound, problems

PREFIX = "/v1/trainings"
router = new_router("trainings", prefix=PREFIX, needs=TRAININGS)
EXAMPLE = {
    "specversion": "1.0",
    "id": "run-7-epoch-40",
    "source": "/trainers/run-7",
    "type": "TRAINING_COMPLETED",
    "data": {"board_type": "hex8", "num_players": 2, "model_path": "models/example.pth", "epochs_completed": 40},
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            cloud_event.STRUCTURED: {
                "schema": {"type": "object", "maxProperties": cloud_event.MOST_ATTRIBUTES},
                "example": EXAMPLE,
            }
        },
    }
}
Source = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=cloud_event.LONGEST_ATTRIBUTE,
        description="Of this trainer",
        examples=["/trainers/run-7"],
    ),
]
EventId = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=cloud_event.LONGEST_ATTRIBUTE,
        description="Announced under this id",
        examples=["run-7-40"],
    ),
]


@router.post(
    "",
    status_code=202,
    dependencies=[TRAIN],
    openapi_extra=BODY,
    responses=linked(202, read_training={"training_id": ID})
    | problems(InvalidCloudEvent, TrainingRejected, EventIdReused),
)
async def announce_training(service: Service, request: Request, response: Response) -> TrainingView:
    """Announce a trained model: a TRAINING_COMPLETED as CloudEvents 1.0 define it, structured or binary. It is kept before this is
    answered. The same source and id again get the same answer."""
    event = cloud_event.read(request.headers, await request.body())
    training = await service.take_training(event, "http")
    if training.reason is not None:
        raise TrainingRejected(training.reason, training=str(training.id))
    response.headers["Location"] = f"{PREFIX}/{training.id}"
    return TrainingView.of(training)


@router.get("", responses=linked(200, list_trainings={"before": NEXT}, read_training={"training_id": FIRST_ID}))
async def list_trainings(
    service: Service,
    source: Source = None,
    event_id: EventId = None,
    state: Annotated[TrainingState | None, Query(description="In this state only")] = None,
    before: Annotated[
        UUID | None, Query(description="Only what is older than this, by its id", examples=[NOBODYS_ID])
    ] = None,
    limit: Limit = 50,
) -> Trainings:
    """Trainings, newest first; `source` and `event_id` are those of the trainer's event. Pass `next` as `before` to go on."""
    found = await service.trainings(source, event_id, state, before, limit)
    return Trainings(
        items=[TrainingView.of(each) for each in found], next=found[-1].id if len(found) == limit else None
    )


@router.get("/{training_id}", responses=problems(NotFound))
async def read_training(
    service: Service, training_id: Annotated[UUID, Path(description="Of the training", examples=[NOBODYS_ID])]
) -> TrainingView:
    """What became of an announcement."""
    return TrainingView.of(await service.training(training_id))
