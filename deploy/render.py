"""Writes what follows from other files of this project: the schema of the chart's values, and manifests for those without Helm.

    python -m deploy.render            # write
    python -m deploy.render --check    # only say what is out of date

The chart is deploy/helm/ringrift-suite; its manifests go into deploy/kubernetes. No cluster is asked anything.
"""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from helm_python.chart import Chart

from deploy.values import Values

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "deploy" / "helm" / "ringrift-suite"
MANIFESTS = ROOT / "deploy" / "kubernetes"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
HEAD = "# Made of deploy/helm/ringrift-suite by `python -m deploy.render`: change the chart, not this.\n"
RELEASE = "ringrift"
AGENTS = "ringrift-agents"
PUBLIC_KEY = "the-public-key-of-ringrift-keys-order"
"""What a person puts the real one in the place of."""


def chart_files() -> dict[Path, str]:
    """What of the chart follows from other files: its version, the schema of its values, the alerts."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    lines = (CHART / "Chart.yaml").read_text().splitlines()
    told = {"version": version.replace(".dev", "-dev."), "appVersion": version}
    head = [f"{key}: {told[key]}" if (key := line.partition(":")[0]) in told else line for line in lines]
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Values.model_json_schema()}
    files = {
        CHART / "Chart.yaml": "\n".join(head) + "\n",
        CHART / "values.schema.json": json.dumps(schema, indent=1) + "\n",
    }
    if ALERTS.exists():
        files[CHART / "files" / "alerts.yml"] = ALERTS.read_text()
    return files


def rendered(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every object that the chart makes of these values."""
    with Chart.load(CHART) as chart:
        made = chart.render(dict(values), name=RELEASE, namespace=RELEASE)
    texts = [text for path, text in sorted(made.items()) if path.endswith(".yaml")]
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def manifests() -> dict[Path, str]:
    """The chart as it is without any value changed, and the agents, as files for `kubectl apply -k`."""
    agents = {"enabled": True, "namespace": AGENTS, "settings": {"RINGRIFT_ORDER_PUBLIC_KEY": PUBLIC_KEY}}
    everything = [for_kubectl(each) for each in rendered({"agents": agents})]
    of_agents = [each for each in everything if each["metadata"]["namespace"] == AGENTS]
    of_suite = [each for each in everything if each not in of_agents]
    return {
        MANIFESTS / "suite" / "suite.yaml": listed([namespace(RELEASE, "restricted"), *of_suite]),
        MANIFESTS / "suite" / "kustomization.yaml": kustomization("suite.yaml"),
        MANIFESTS / "agents" / "agents.yaml": listed([namespace(AGENTS, "privileged"), *of_agents]),
        MANIFESTS / "agents" / "kustomization.yaml": kustomization("agents.yaml"),
        MANIFESTS / "kustomization.yaml": kustomization("suite", "agents"),
    }


def for_kubectl(manifest: dict[str, Any]) -> dict[str, Any]:
    """An object without what only Helm reads."""
    metadata = manifest["metadata"]
    metadata["annotations"] = {
        key: text for key, text in metadata.get("annotations", {}).items() if not key.startswith("helm.sh/")
    }
    for each in (metadata, manifest.get("spec", {}).get("template", {}).get("metadata", {})):
        labels = each.get("labels", {})
        labels.pop("helm.sh/chart", None)
        if "app.kubernetes.io/managed-by" in labels:
            labels["app.kubernetes.io/managed-by"] = "kubectl"
    if not metadata["annotations"]:
        del metadata["annotations"]
    return manifest


def namespace(name: str, level: str) -> dict[str, Any]:
    """A namespace that takes pods of this level of pod security only."""
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def listed(objects: list[dict[str, Any]]) -> str:
    """Objects as one file."""
    return HEAD + "---\n".join(yaml.safe_dump(each, sort_keys=False, width=1000) for each in objects)


def kustomization(*resources: str) -> str:
    """What kustomize reads first."""
    head = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": [*resources]}
    return f"{HEAD}{yaml.safe_dump(head, sort_keys=False)}"


def outdated() -> Iterator[Path]:
    """Files that are not what they would be written as. Those of the chart come first, because the manifests are made of them."""
    for made in (chart_files, manifests):
        for path, text in made().items():
            if not path.exists() or path.read_text() != text:
                yield path


def write() -> None:
    """Write all files anew."""
    for path, text in chart_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.rmtree(MANIFESTS, ignore_errors=True)
    for path, text in manifests().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        write()
    elif stale := [str(path.relative_to(ROOT)) for path in outdated()]:
        raise SystemExit("\n".join(["out of date; run `python -m deploy.render`:", *stale]))
