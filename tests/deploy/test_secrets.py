"""`ringrift keys kubernetes` and the chart: the Secrets that one makes are those that the other names."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from typer.testing import CliRunner

from cli.main import app
from services.distribution.settings import DistributionSettings
from services.gauntlet.settings import GauntletSettings
from services.promotion.settings import PromotionSettings
from shared.process.credentials import AcceptedKeys
from shared.process.settings import BaseServiceSettings, load_settings
from tests.house.tree import ROOT

VALUES = yaml.safe_load((ROOT / "deploy" / "helm" / "ringrift-suite" / "values.yaml").read_text())
MODELS: dict[str, type[BaseServiceSettings]] = {
    "promotion": PromotionSettings,
    "gauntlet": GauntletSettings,
    "distribution": DistributionSettings,
}


def made(folder: Path) -> tuple[dict[str, Any], str]:
    """Every Secret by name, and what the command said."""
    file = folder / "secrets.json"
    words = ["keys", "kubernetes", "--database", "db.internal:5432/ringrift?sslmode=require", "--output", str(file)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert CliRunner().invoke(app, words).exit_code == 1, "what is there is not overwritten"
    return {each["metadata"]["name"]: each for each in json.loads(file.read_text())["items"]}, done.output


def test_the_secrets_are_those_that_the_chart_names(tmp_path: Path) -> None:
    """Each process finds its Secret with its keys, in the namespace where it runs, and each is a Secret that Kubernetes takes."""
    secrets, said = made(tmp_path)
    for part in VALUES.values():
        if isinstance(named := isinstance(part, dict) and part.get("secret"), dict):
            assert set(named["keys"]) == set(secrets[named["name"]]["stringData"])
    scaler = VALUES["workers"]["autoscaling"]["secret"]
    assert list(secrets[scaler["name"]]["stringData"]) == [scaler["key"]]
    assert set(secrets["ringrift-prometheus"]["stringData"]) == set(MODELS)
    assert {name for name, each in secrets.items() if each["metadata"]["namespace"] != "ringrift"} == {"ringrift-agent"}
    assert "RINGRIFT_ORDER_PUBLIC_KEY=" in said
    for each in secrets.values():
        kubernetes_validate.validate(each, "1.37", strict=True)


def test_f58_each_edge_of_a_cluster_has_a_key_of_its_own(tmp_path: Path) -> None:
    """A service starts with its Secret, takes the keys that the others' Secrets have for it, and no key is anybody else's too."""
    secrets = {name: each["stringData"] for name, each in made(tmp_path)[0].items()}
    keys = {"gauntlet": "promotion", "worker": "gauntlet", "agent": "distribution"}
    for caller, to in keys.items():
        settings = load_settings(MODELS[to], {**secrets[f"ringrift-{to}"], "RINGRIFT_NATS_USER": to})
        presented = secrets[f"ringrift-{caller}"][f"RINGRIFT_{to.upper()}_KEY"]
        assert AcceptedKeys(settings.api_keys).caller(f"Bearer {presented}"), f"{to} does not know {caller}"
    values = [value for data in secrets.values() for key, value in data.items() if key.endswith(("KEY", "token"))]
    assert len(values) == len(set(values))
