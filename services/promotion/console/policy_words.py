"""Gate policies as people read and write them: each term by its name, what differs between two, a form read back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from pydantic import ValidationError

from services.promotion.errors import PageRefusedError
from shared.contract.policy import GatePolicy
from shared.contract.words import GateMode, PanelMode

NAMES: Mapping[str, str] = {
    "random_win_rate": "Win rate against Random",
    "heuristic_win_rate": "Win rate against the Heuristic",
    "previous_win_rate": "Win rate against the canonical version",
    "games": "Games per opponent",
    "unscored_share": "Share of games without a score at most",
    "skip_games": "Pass without games",
    "mode": "Mode",
    "alpha": "Chance of a wrong pass",
    "beta": "Chance of a wrong failure",
    "cap": "Games per opponent at most, in mode evidence",
    "panel": "Panel of earlier versions",
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "mode": get_args(GateMode), "panel": get_args(PanelMode), "skip_games": ("false", "true"),
}  # fmt: skip
WHOLE = ("games", "cap")


class Term(NamedTuple):
    """One term of a policy. `hint`: what it means; `choices`: what it may be, where that is a few words."""

    key: str
    name: str
    value: str
    hint: str
    choices: tuple[str, ...]
    is_whole: bool


class Difference(NamedTuple):
    """A term that two policies do not share."""

    name: str
    before: str
    after: str


def terms(policy: GatePolicy) -> list[Term]:
    """A policy, term by term, as a form has them."""
    return [
        Term(key, NAMES.get(key, key), written(getattr(policy, key)), field.description or "", CHOICES.get(key, ()), key in WHOLE)
        for key, field in GatePolicy.model_fields.items()
    ]  # fmt: skip


def differences(before: GatePolicy, after: GatePolicy) -> list[Difference]:
    """What is another one in the second policy."""
    return [
        Difference(NAMES.get(key, key), written(getattr(before, key)), written(getattr(after, key)))
        for key in GatePolicy.model_fields
        if getattr(before, key) != getattr(after, key)
    ]


def written(value: object) -> str:
    """A term's value as a form has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def policy_of(form: Mapping[str, str]) -> GatePolicy:
    """The policy that a form describes. PageRefusedError says which term cannot be so."""
    given: dict[str, Any] = {key: form[key] for key in GatePolicy.model_fields if key in form}
    try:
        return GatePolicy.model_validate_strings(given, strict=False)
    except ValidationError as error:
        faults = (f"{NAMES.get(str(each['loc'][0]), each['loc'][0])}: {each['msg']}" for each in error.errors())
        raise PageRefusedError("; ".join(faults)) from None
