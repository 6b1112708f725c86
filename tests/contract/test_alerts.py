"""The alerts and the dashboard as files: each alert fires and does not, has its section, and asks for figures that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.house.tree import ROOT
from tests.kit.figures import all_documented, named_in

DEPLOY = ROOT / "deploy" / "prometheus"
RULES: list[Any] = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"][0]["rules"]
NAMES = [each["alert"] for each in RULES]


@pytest.mark.parametrize("arguments", ["check config prometheus.yml", "test rules alerts.test.yml"])
def test_prometheus_takes_the_files(arguments: str) -> None:
    """Prometheus's own tool reads the example, and fires every alert as its test says."""
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed; Debian's package prometheus has it")
    ended = subprocess.run(["promtool", *arguments.split()], cwd=DEPLOY, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_alert_is_fired_and_is_not() -> None:
    """The tests of the rules have each alert once with what fires it, and once with what does not."""
    tried = yaml.safe_load((DEPLOY / "alerts.test.yml").read_text())["tests"]
    each = [(rule["alertname"], bool(rule["exp_alerts"])) for test in tried for rule in test["alert_rule_test"]]
    assert sorted(each) == sorted((name, fires) for name in NAMES for fires in (True, False))


def test_every_alert_leads_to_its_section() -> None:
    """Each has a severity, a summary, and a section of docs/alerts.md that says the severity too; no section is left over."""
    sections = re.findall(r"^## (\w+)\n\n\*(\w+)\.\*", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE)
    assert sections == [(each["alert"], each["labels"]["severity"].capitalize()) for each in RULES]
    for each in RULES:
        assert each["annotations"]["summary"]
        assert each["annotations"]["runbook_url"].endswith(f"_page }}}}#{each['alert'].lower()}")


def test_alerts_ask_for_figures_that_there_are() -> None:
    """Each expression names figures of the table in docs/observability.md, which is that of the processes, or `up`."""
    for each in RULES:
        asked = named_in(each["expr"])
        assert asked <= all_documented(), each["alert"]
        assert asked or "up{" in each["expr"], each["alert"]


def test_the_dashboard_asks_for_figures_that_there_are() -> None:
    """Each panel stands in a row, has a query, and names such figures; no place is taken twice."""
    panels = json.loads((ROOT / "deploy" / "grafana" / "ringrift.json").read_text())["panels"]
    assert panels[0]["type"] == "row"
    asked = {name: named_in(target["expr"]) for name, target in _targets(panels)}
    assert set().union(*asked.values()) <= all_documented()
    assert all(names or title in ("Processes that answer", "Memory") for title, names in asked.items())
    cells = [(x, y) for panel in panels for x, y in _cells(panel["gridPos"])]
    assert len(cells) == len(set(cells))


def _targets(panels: list[Any]) -> list[tuple[str, Any]]:
    return [(panel["title"], target) for panel in panels for target in panel.get("targets", ())]


def _cells(place: Any) -> list[tuple[int, int]]:
    return [(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])]
