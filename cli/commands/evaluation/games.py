"""`ringrift evaluation games`: the recorded games, listed, or written into a file."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from ringrift_client import GAUNTLET_URL, Evaluations, FrontDoorError

from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.output import AsJson, Output
from shared.contract.words import OpponentName
from shared.storage.files import write_atomically


def games(
    evaluation_id: EvaluationId,
    opponent: Annotated[OpponentName | None, typer.Option(help="Against one opponent only")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write every game into this file, as JSON lines, instead of listing them")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many are listed at most")] = 100,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """List the recorded games, or write them into a file, which then is whole or not there.

    List: ringrift evaluation games 6f0c... --opponent heuristic

    Write and look: ringrift evaluation games 6f0c... --out games.jsonl; ringrift replay --file games.jsonl --game 3
    """
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        known = identity(evaluation_id)
        if out is not None:
            written = _write(evaluations, known, opponent, out)
            output.say(f"{written} games are in {out}")
            output.result({"games": written, "path": str(out)})
            return
        found = list(islice(evaluations.games(known, opponent), limit))
    output.result({"items": found})
    if not found:
        output.say("no games are recorded")
        return
    output.table(("opponent", "game", "seat", "outcome", "decisions", "why it has no score"), map(_row, found))


def _write(evaluations: Evaluations, evaluation_id: str, opponent: str | None, path: Path) -> int:
    """Write the games as they arrive; returns their number. FrontDoorError, and no new file, if that fails."""
    written = 0
    try:
        with write_atomically(path) as stream:
            for chunk in evaluations.download_games(evaluation_id, opponent):
                written += chunk.count(b"\n")
                stream.write(chunk)
        path.chmod(0o644)
    except OSError as error:
        raise FrontDoorError(f"{path} cannot be written: {error.strerror or error}") from None
    return written


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    numbers = str(each["index"]), str(each["seat"] + 1), each["outcome"], str(each["decisions"])
    return each["opponent"], *numbers, each["error"] or ""
