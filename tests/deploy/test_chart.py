"""The Helm chart and its manifests: valid, up to date, and strict with values."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from helm_python.chart import lint
from helm_python.errors import HelmError

from deploy.chart import pack
from deploy.render import ALERTS, CHART, MANIFESTS, outdated, rendered
from deploy.values import MODELS
from shared.process.settings import secrets_of, variables
from tests.deploy.pods import pods
from tests.deploy.rendering import EVERYTHING, objects, of_kind
from tests.house.tree import ROOT


def test_what_follows_from_other_files_is_up_to_date() -> None:
    """The chart's version, schema and alerts and the manifests are what `python -m deploy.render` writes now."""
    assert not [str(path.relative_to(ROOT)) for path in outdated()]


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["as-it-comes", "everything"])
def test_helm_finds_nothing_to_say(values: Mapping[str, Any]) -> None:
    """`helm lint --strict` has no warning and no error."""
    report = lint(CHART, dict(values), strict=True)
    assert not [each for each in report["messages"] if each["severity"] > 1]
    assert not report["errors"]


@pytest.mark.parametrize("version", ["1.27", "1.37"])
def test_kubernetes_takes_every_object(version: str) -> None:
    """Each object of Kubernetes' own kinds is strictly what old and new versions' schemas say, so that no field is misspelt."""
    own = [each for each in objects() if not re.search(r"keda|coreos", each["apiVersion"])]
    assert len(own) > 25
    for each in own:
        kubernetes_validate.validate(each, version, strict=True)
    own[0]["spec" if "spec" in own[0] else "metadata"]["mispelt"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(own[0], version, strict=True)


def test_the_chart_is_the_same_wherever_it_is_packed(tmp_path: Path) -> None:
    """Its archive has equal bytes though its files are written anew, and has the schema and the templates."""
    first = pack(tmp_path / "first").read_bytes()
    for path in (CHART / "values.yaml", CHART / "templates" / "services.yaml"):
        path.touch()
    second = pack(tmp_path / "second")
    assert second.read_bytes() == first
    with tarfile.open(second) as archive:
        assert {"ringrift-suite/values.schema.json", "ringrift-suite/templates/services.yaml"} < set(archive.getnames())


def test_kustomize_builds_the_manifests() -> None:
    """`kubectl kustomize` takes both folders, and every object of both is in what it makes."""
    program = Path(sys.prefix) / "bin" / "kubectl"
    built = subprocess.run([program, "kustomize", MANIFESTS], capture_output=True, text=True, check=True).stdout
    made = [(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(built)]
    plain = rendered({"agents": EVERYTHING["agents"]})
    assert {(each["kind"], each["metadata"]["name"]) for each in plain} < set(made)
    assert len(made) == len(plain) + 2, "and the two namespaces"


def test_every_name_of_the_values_is_a_setting() -> None:
    """Settings and secrets of values.yaml are in the catalogue, and a secret is never among the settings."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    parts = [each for each in values.values() if isinstance(each, dict)]
    named = {name for part in [values, *parts] for name in part.get("settings", {})}
    secret = {
        name
        for part in parts
        for name in (part.get("secret") or {}).get("keys", ())
        if isinstance(part["secret"], dict)
    }
    assert named | secret <= variables()
    assert len(secret) == 9
    assert secret <= {name for model in MODELS for name in secrets_of(model)}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"promotion": {"replicaCount": 2}}, "replicaCount"),
        ({"settings": {"RINGRIFT_DATABASE_URL": "postgresql://u:p@db/x"}}, "RINGRIFT_DATABASE_URL"),
        ({"settings": {"RINGRIFT_MOST_MODEL_BYTES": 2147483648}}, "got number, want string"),
        ({"distribution": {"replicas": "two"}}, "replicas"),
        ({"workers": {"autoscaling": {"kind": "vpa"}}}, "none"),
        ({"agents": {"enabled": True}}, "RINGRIFT_ORDER_PUBLIC_KEY is needed"),
        ({"ingress": {"enabled": True}}, "ingress.hosts"),
    ],
)
def test_values_that_cannot_work_are_refused(values: Mapping[str, Any], said: str) -> None:
    """What is misspelt, secret, or would be read as something else is refused before anything is installed, by its name."""
    with pytest.raises(HelmError, match=re.escape(said)):
        rendered(values)


def test_no_secret_is_made() -> None:
    """Secrets exist already: the chart makes none, and gives each process files of its own one alone."""
    assert not of_kind("Secret", objects())
    for name, pod in pods(objects()).items():
        [mounted] = [each["secret"]["secretName"] for each in pod["volumes"] if each["name"] == "secrets"]
        assert mounted == f"ringrift-{name}"


def test_a_bucket_needs_no_shared_folder() -> None:
    """With artifacts in a bucket there is no claim, unless one is named; without, one is made that outlives the release."""
    [claim] = of_kind("PersistentVolumeClaim", objects(everything=False))
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    in_bucket = {"settings": {"RINGRIFT_ARTIFACTS_URL": "s3://models/ringrift"}}
    assert not of_kind("PersistentVolumeClaim", rendered(in_bucket))
    shared = rendered({**in_bucket, "storage": {"existingClaim": "mine"}})
    assert not of_kind("PersistentVolumeClaim", shared)
    assert {"claimName": "mine"} in [each.get("persistentVolumeClaim") for each in pods(shared)["promotion"]["volumes"]]


@pytest.mark.skipif(not ALERTS.exists(), reason="there are no alerts yet")
def test_alerts_come_along() -> None:
    """The PrometheusRule has the groups of deploy/prometheus/alerts.yml, word for word."""
    [rule] = of_kind("PrometheusRule", objects())
    assert rule["spec"] == yaml.safe_load(ALERTS.read_text())
    assert rule["metadata"]["labels"]["of"] == "us"
