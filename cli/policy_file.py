"""Gate policies as people write them: name=value on a command line, or a JSON file by configuration. Asks nobody."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from shared.contract.policy import GatePolicy

NameValues = Annotated[
    list[str] | None,
    typer.Option("--gate", help="A value of the policy, as name=value: random_win_rate=0.8; repeat it for each"),
]


def changed(gates: Mapping[str, Any], given: Sequence[str] | None) -> dict[str, Any]:
    """A policy with other values, whole. typer.BadParameter for what is none, with the names that there are."""
    values = dict(_parsed(each) for each in given or ())
    return whole({**gates, **values})


def whole(gates: Mapping[str, Any]) -> dict[str, Any]:
    """Every value of a policy, the runbook's where none is given. typer.BadParameter for what is no policy."""
    try:
        return GatePolicy.model_validate_json(json.dumps(dict(gates))).model_dump(mode="json")
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise typer.BadParameter(
            f"{where}: {fault['msg']}; a policy has {', '.join(GatePolicy.model_fields)}"
        ) from None


def read(file: str) -> dict[str, dict[str, Any]]:
    """The policies of a JSON file, `-` for standard input, by configuration. typer.BadParameter for what is none."""
    try:
        content = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text())
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file} cannot be read as JSON: {error}") from None
    if not isinstance(content, dict) or not all(isinstance(each, dict) for each in content.values()):
        raise typer.BadParameter(f'{file} is to be like {{"hex8_2p": {{"random_win_rate": 0.8}}}}')
    return {configuration: whole(gates) for configuration, gates in content.items()}


def differences(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """A line for each value that would be another one."""
    return [f"{name}: {present[name]} -> {wanted[name]}" for name in wanted if present.get(name) != wanted[name]]


def _parsed(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not equals:
        raise typer.BadParameter(f"{given!r} is no value: give name=value, such as random_win_rate=0.8")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
