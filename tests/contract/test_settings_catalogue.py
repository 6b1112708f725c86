"""The suite's variables: one catalogue, the runbook's names and defaults among them."""

from pathlib import Path
from typing import Any

import pytest

from services.distribution.agent.settings import AgentSettings
from services.distribution.settings import DistributionSettings
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.worker.settings import WorkerSettings
from services.promotion.settings import PromotionSettings
from shared.process.settings import PREFIX, BaseServiceSettings, SettingsError, load_settings, secrets_of, variables

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
MODELS: tuple[type[BaseServiceSettings], ...] = (
    GauntletSettings,
    PromotionSettings,
    DistributionSettings,
    AgentSettings,
    WorkerSettings,
)
BASE = {"RINGRIFT_DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1/db", "RINGRIFT_AGENT_NODE": "node-1"}
RUNBOOK: list[tuple[type[BaseServiceSettings], str, str, Any, str, Any]] = [
    (PromotionSettings, "RINGRIFT_AUTO_PROMOTE", "auto_promote", True, "false", False),
    (PromotionSettings, "RINGRIFT_GAUNTLET_GAMES", "gauntlet_games", 50, "20", 20),
    (PromotionSettings, "RINGRIFT_PROMOTION_RANDOM_WIN_RATE", "promotion_random_win_rate", 0.85, "0.9", 0.9),
    (PromotionSettings, "RINGRIFT_PROMOTION_HEURISTIC_WIN_RATE", "promotion_heuristic_win_rate", 0.60, "0.7", 0.7),
    (
        PromotionSettings,
        "RINGRIFT_PROMOTION_VS_PREVIOUS_WIN_RATE",
        "promotion_vs_previous_win_rate",
        0.50,
        "0.55",
        0.55,
    ),
    (DistributionSettings, "RINGRIFT_DISTRIBUTION_TIMEOUT", "distribution_timeout", 300, "60", 60),
    (PromotionSettings, "RINGRIFT_SKIP_GAUNTLET", "skip_gauntlet", False, "true", True),
]


def test_g14_the_catalogue_is_what_the_processes_read() -> None:
    """Every variable that some process reads is known to all, and none is known that nobody reads."""
    fields = {PREFIX + name.upper() for model in MODELS for name in model.model_fields}
    secrets = {name for model in MODELS for name in secrets_of(model)}
    assert {"RINGRIFT_DATABASE_URL", "RINGRIFT_API_KEY", "RINGRIFT_API_KEYS"} <= secrets
    assert fields | {f"{name}_FILE" for name in secrets} == variables()


def test_operators_find_every_variable_with_its_default() -> None:
    """docs/operations.md has a row for each but the files of secrets, and the defaults there are those of the code."""
    rows = [line.split("|") for line in OPERATIONS.read_text().splitlines() if line.startswith("| `RINGRIFT_")]
    documented = {row[1].strip(" `"): row[2].strip(" `") for row in rows}
    assert set(documented) == {PREFIX + name.upper() for model in MODELS for name in model.model_fields}
    for model in MODELS:
        for name, declared in model.model_fields.items():
            default = "required" if declared.is_required() else declared.get_default(call_default_factory=True)
            written = documented[PREFIX + name.upper()]
            assert written == ("" if default in (None, (), {}) else written_as(default)), name


def written_as(default: object) -> str:
    """A default as the table has it: as it would be given in the environment."""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default:.2f}" if default % 1 else f"{default:g}"
    return str(default)


@pytest.mark.parametrize(
    ("model", "variable", "name", "default", "given", "read"), RUNBOOK, ids=[row[1] for row in RUNBOOK]
)
def test_the_runbooks_variables(
    model: type[BaseServiceSettings], variable: str, name: str, default: Any, given: str, read: Any
) -> None:
    """Each has the runbook's name and default, and takes another value."""
    assert getattr(load_settings(model, BASE), name) == default
    assert getattr(load_settings(model, {**BASE, variable: given}), name) == read


@pytest.mark.parametrize("model", MODELS)
def test_g14_a_misspelt_variable_stops_every_process(model: type[BaseServiceSettings]) -> None:
    """An unknown name is refused, with the nearest known one."""
    with pytest.raises(SettingsError, match="did you mean RINGRIFT_AUTO_PROMOTE"):
        load_settings(model, {**BASE, "RINGRIFT_AUTOPROMOTE": "false"})


def test_g14_a_threshold_that_is_no_rate_is_refused() -> None:
    """85 is not a share of the games."""
    with pytest.raises(SettingsError, match="RINGRIFT_PROMOTION_RANDOM_WIN_RATE"):
        load_settings(PromotionSettings, {**BASE, "RINGRIFT_PROMOTION_RANDOM_WIN_RATE": "85"})
