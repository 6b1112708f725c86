"""`ringrift evaluation`: check on this machine that an evaluation's verdict is what its games say."""

from __future__ import annotations

import json
import secrets
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from ringrift_client import GAUNTLET_URL, Evaluations, FrontDoorError

from cli.credentials import ApiKey, presented
from cli.output import AsJson, Output
from shared.contract.configuration import Configuration

app = typer.Typer(help="Check finished evaluations.", no_args_is_help=True)
Gauntlet = Annotated[str, typer.Option(envvar="RINGRIFT_GAUNTLET_URL", help="The gauntlet service")]
ANNOUNCED = ("architecture", "parameters")


@app.command()
def verify(
    evaluation_id: Annotated[str, typer.Argument(help="As `ringrift promote`, /status and the events name it")],
    games: Annotated[
        int | None, typer.Option(min=0, help="How many games are played again, drawn by chance; all if not given")
    ] = None,
    there: Annotated[bool, typer.Option("--there", help="Have the service play them, not this machine")] = False,
    gauntlet: Gauntlet = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Recompute evidence and verdict from the recorded games, and play games again by their models.

    Exit code 0 if everything holds, 1 if not, 2 if it could not be checked. Example: ringrift evaluation verify 6f0c... --games 20
    """
    output = Output(as_json=as_json)
    try:
        with Evaluations(gauntlet, presented(api_key, "gauntlet")) as evaluations:
            found = (
                evaluations.verification(evaluation_id, games) if there else _here(evaluations, evaluation_id, games)
            )
    except FrontDoorError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    _show(output, found)
    output.result(found)
    raise typer.Exit(0 if found["holds"] else 1)


def _here(evaluations: Evaluations, evaluation_id: str, games: int | None) -> dict[str, Any]:
    """The verification, made on this machine of what the service has."""
    from services.gauntlet.worker.job import JobFailed, VerificationJob
    from services.gauntlet.worker.verification import run

    detail = evaluations.read(evaluation_id)
    if detail["evidence"] is None:
        raise FrontDoorError(f"evaluation {evaluation_id} is {detail['state']}: it has no evidence to verify")
    configuration, previous = Configuration.parse(detail["configuration"]), detail["evidence"]["previous"]
    with tempfile.TemporaryDirectory(prefix="ringrift-verify-") as folder:
        files = {
            digest: Path(folder) / digest for digest in {detail["digest"], *([previous["digest"]] if previous else [])}
        }
        for digest, path in files.items():
            evaluations.fetch_model(digest, path)
        job = {
            "board_type": configuration.board_type,
            "num_players": configuration.num_players,
            "candidate": {"path": str(files[detail["digest"]]), **{name: detail[name] for name in ANNOUNCED}},
            "previous_file": {"path": str(files[previous["digest"]])} if previous else None,
            "evidence": detail["evidence"],
            "played": list(evaluations.games(evaluation_id)),
            "sample": games,
            "seed": secrets.randbits(63),
        }
        answer = run(VerificationJob.model_validate_json(json.dumps(job)))
    if isinstance(answer, JobFailed):
        raise FrontDoorError(answer.reason)
    return answer.verification.model_dump(mode="json")


def _show(output: Output, found: dict[str, Any]) -> None:
    output.say(
        f"{found['games']} recorded games, {found['replayed']} played again: {found['identical']} identical, "
        f"{found['float_ties']} float ties, {found['tampered']} tampered"
    )
    output.say(f"played by {'; '.join(found['engines']) or 'an unknown engine'}\nhere      {found['engine']}")
    for fault in found["faults"]:
        output.say(f"fault: {fault}", style="red")
    if found["findings"]:
        table = Table("opponent", "game", "agreement", "where it differs")
        for each in found["findings"]:
            table.add_row(each["opponent"], str(each["index"]), each["agreement"], each["detail"])
        output.console.print(table)
    output.say("the verdict holds" if found["holds"] else "the verdict does not hold", style="bold")


def register(root: typer.Typer) -> None:
    """Make it a group of sub-commands."""
    root.add_typer(app, name="evaluation")
