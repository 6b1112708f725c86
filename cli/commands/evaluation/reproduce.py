"""`ringrift evaluation reproduce`: play the game that crashed again, here, up to where it crashed, confined as workers confine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, Evaluations, FrontDoorError

from cli.commands.evaluation.crashes import crash_of
from cli.commands.evaluation.verify import canonical_digests
from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from shared.contract.configuration import Configuration
from shared.storage.files import digest_of

if TYPE_CHECKING:
    from play.models.model_file import ModelFile
    from play.reproduction import Reproduction

AGAIN, NOT_AGAIN = 0, 1


def reproduce(
    evaluation_id: EvaluationId,
    number: Annotated[int, typer.Argument(min=1, help="As `ringrift evaluation crashes` numbers them")],
    model: Annotated[
        Path | None, typer.Option(help="The candidate's file; fetched from the service if not given")
    ] = None,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Play the game of a crash again on this machine, with the same model, seeds and confinement, up to the move where it crashed.

    Exit code 0 if it crashes again, 1 if the game goes on there, 2 if it could not be played.
    Example: ringrift evaluation reproduce 6f0c... 1 --model models/my_model.pth
    """
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations, tempfile.TemporaryDirectory() as folder:
        known = identity(evaluation_id)
        crash, detail = crash_of(evaluations, known, number), evaluations.read(known)
        with _files(evaluations, detail, crash, model, Path(folder)) as (candidate, canonical):
            found = _played(detail, crash, candidate, canonical)
            same = None if crash["moves"] is None else _has_same_moves(found, crash["moves"])
    _show(output, crash, found, same)
    output.result(
        {
            "reproduced": found.trouble is not None, "trouble": found.trouble, "stderr": found.words,
            "decisions": found.played.decisions, "same_moves": same,
        }
    )  # fmt: skip
    raise typer.Exit(NOT_AGAIN if found.trouble is None else AGAIN)


@contextmanager
def _files(
    evaluations: Evaluations, detail: dict[str, Any], crash: dict[str, Any], model: Path | None, folder: Path
) -> Iterator[tuple[ModelFile, Path | None]]:
    """The candidate's file and that of the canonical version that played, None if none did. FrontDoorError for other bytes."""
    from play.models.model_file import ModelFile

    path = model or folder / "candidate"
    if model is None:
        evaluations.fetch_model(detail["digest"], path)
    else:
        _require_digest(model, detail["digest"])
    digest = canonical_digests(detail).get(crash["opponent"] or "")
    if digest is not None:
        evaluations.fetch_model(digest, folder / "canonical")
    network = {name: detail[name] for name in ("architecture", "parameters")}
    yield ModelFile(path=path, **network), folder / "canonical" if digest else None


def _require_digest(model: Path, digest: str) -> None:
    try:
        found = digest_of(model)
    except OSError as error:
        raise FrontDoorError(f"{model} cannot be read: {error.strerror or error}") from None
    if found != digest:
        raise FrontDoorError(f"{model} has the digest {found}, and the evaluation is of {digest}")


def _played(
    detail: dict[str, Any], crash: dict[str, Any], candidate: ModelFile, canonical: Path | None
) -> Reproduction:
    """What comes of the game, or of reading the model where it crashed there."""
    from play.games.registry import get_game
    from play.models.confined.host import ModelHost
    from play.models.formats.format import CheckpointError
    from services.gauntlet.worker.reproduction import CrashedGame, play_again
    from shared.contract.policy import PlayPolicy

    configuration, play = Configuration.parse(detail["configuration"]), PlayPolicy.model_validate(detail["play"])
    asked = CrashedGame.model_validate({name: crash[name] for name in CrashedGame.model_fields})
    try:
        game = get_game(configuration.board_type, configuration.num_players, play.rules_profile)
        with ModelHost() as host:
            return play_again(host, game, play, asked, candidate, canonical)
    except (CheckpointError, ValueError) as error:
        raise FrontDoorError(str(error)) from None


def _has_same_moves(found: Reproduction, moves: str) -> bool:
    from play.reproduction import has_same_moves

    try:
        return has_same_moves(found.played.moves, moves)
    except ValueError:
        return False


def _show(output: Output, crash: dict[str, Any], found: Reproduction, same: bool | None) -> None:
    output.say(f"reported: {crash['kind']}: {crash['reason']}")
    if same is False:
        output.say(
            "the moves are others than those that were reported, from another engine or another file", style="yellow"
        )
    if found.trouble is None:
        output.say(f"not reproduced: after {found.played.decisions} moves the game goes on, or has ended", style="bold")
        return
    output.say(f"reproduced, after {found.played.decisions} moves: {found.trouble}", style="bold")
    if found.words:
        output.say(found.words)
