"""`ringrift evaluation verify`: check on this machine that an evaluation's verdict is what its games say."""

from __future__ import annotations

import json
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, Evaluations, FrontDoorError

from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from shared.contract.configuration import Configuration

ANNOUNCED = ("architecture", "parameters")


def verify(
    evaluation_id: EvaluationId,
    games: Annotated[
        int | None, typer.Option(min=0, help="How many games are played again, drawn by chance; all if not given")
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            envvar="RINGRIFT_GAUNTLET_DEVICE", help="Where networks are computed here: cpu, cuda, cuda:N or auto"
        ),
    ] = "cpu",
    there: Annotated[bool, typer.Option("--there", help="Have the service play them, not this machine")] = False,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Recompute evidence and verdict from the recorded games, and play games again by their models.

    Exit code 0 if everything holds, 1 if not, 2 if it could not be checked. Example: ringrift evaluation verify 6f0c... --games 20
    """
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        known = identity(evaluation_id)
        found = evaluations.verification(known, games) if there else _here(evaluations, known, games, device)
    _show(output, found)
    output.result(found)
    raise typer.Exit(0 if found["holds"] else 1)


def _here(evaluations: Evaluations, evaluation_id: str, games: int | None, device: str) -> dict[str, Any]:
    """The verification, made on this machine of what the service has."""
    from play.models.confined.host import ModelHost
    from services.gauntlet.worker.job import JobFailed, VerificationJob
    from services.gauntlet.worker.verification import run

    detail = evaluations.read(evaluation_id)
    if detail["evidence"] is None:
        raise FrontDoorError(f"evaluation {evaluation_id} is {detail['state']}: it has no evidence to verify")
    configuration, met = Configuration.parse(detail["configuration"]), canonical_digests(detail)
    with tempfile.TemporaryDirectory(prefix="ringrift-verify-") as folder:
        files = {digest: Path(folder) / digest for digest in {detail["digest"], *met.values()}}
        for digest, path in files.items():
            evaluations.fetch_model(digest, path)
        job = {
            "board_type": configuration.board_type,
            "num_players": configuration.num_players,
            "candidate": {"path": str(files[detail["digest"]]), **{name: detail[name] for name in ANNOUNCED}},
            "canonical": {opponent: {"path": str(files[digest])} for opponent, digest in met.items()},
            "evidence": detail["evidence"],
            "played": list(evaluations.games(evaluation_id)),
            "sample": games,
            "seed": secrets.randbits(63),
        }
        with ModelHost(device=device) as host:
            answer = run(VerificationJob.model_validate_json(json.dumps(job)), host)
    if isinstance(answer, JobFailed):
        raise FrontDoorError(answer.reason)
    return answer.verification.model_dump(mode="json")


def canonical_digests(detail: dict[str, Any]) -> dict[str, str]:
    """The digests of the canonical versions that an evaluation meets, by the opponent that each is."""
    previous = {"previous": detail["previous"]["digest"]} if detail["previous"] else {}
    return previous | {each["games"]["opponent"]: each["digest"] for each in detail["panel"]}


def _show(output: Output, found: dict[str, Any]) -> None:
    output.say(
        f"{found['games']} recorded games, {found['replayed']} played again: {found['identical']} identical, "
        f"{found['float_ties']} float ties, {found['tampered']} tampered"
    )
    output.say(f"played by {'; '.join(found['engines']) or 'an unknown engine'}\nhere      {found['engine']}")
    for fault in found["faults"]:
        output.say(f"fault: {fault}", style="red")
    if found["findings"]:
        columns = ("opponent", "game", "agreement", "where it differs")
        rows = ((each["opponent"], str(each["index"]), each["agreement"], each["detail"]) for each in found["findings"])
        output.table(columns, rows)
    output.say("the verdict holds" if found["holds"] else "the verdict does not hold", style="bold")
