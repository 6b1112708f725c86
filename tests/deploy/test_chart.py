"""The Helm chart and its manifests: valid, restricted, with the edges that exist, and settings that processes take."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("helm_python", reason="its wheels are for some machines only")

import kubernetes_validate
import yaml
from helm_python.chart import lint
from helm_python.errors import HelmError

from deploy.render import ALERTS, CHART, MANIFESTS, outdated, rendered
from deploy.values import MODELS
from services.distribution.agent.settings import AgentSettings
from services.distribution.settings import DistributionSettings
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.worker.settings import WorkerSettings
from services.promotion.settings import PromotionSettings
from shared.process.settings import BaseServiceSettings, load_settings, secrets_of, variables
from tests.deploy.pods import Object, component, containers, edges, not_restricted, outward, pods
from tests.house.tree import ROOT

EVERYTHING: dict[str, Any] = {
    "agents": {"enabled": True, "namespace": "nodes", "settings": {"RINGRIFT_ORDER_PUBLIC_KEY": "AA=="}},
    "workers": {"autoscaling": {"kind": "keda", "min": 0}},
    "ingress": {"enabled": True, "className": "nginx", "hosts": {"promotion": "ringrift.example"}, "tlsSecret": "tls"},
    "monitoring": {"serviceMonitor": True, "rules": ALERTS.exists(), "secret": "prometheus", "labels": {"of": "us"}},
    "certificates": {"existingSecret": "authorities"},
    "bucket": {"existingSecret": "bucket"},
    "image": {"pullSecrets": [{"name": "registry"}]},
    "gauntlet": {"replicas": 2, "pod": {"nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "busy"}]}},
}
PROCESSES: dict[str, type[BaseServiceSettings]] = {
    "promotion": PromotionSettings,
    "gauntlet": GauntletSettings,
    "distribution": DistributionSettings,
    "worker": WorkerSettings,
    "agent": AgentSettings,
}
SECRETS = {
    "RINGRIFT_DATABASE_URL": "postgresql://u:p@db/ringrift",
    "RINGRIFT_API_KEYS": f"operator:read:{'0' * 64}",
    "RINGRIFT_ORDER_KEY": "Yqq0DBzxNUhNKCP64VYDwQvJxTKCN8bJSE5x5wV3qAY=",
}
SECRET = "of-sixteen-characters"
PUBLIC_KEY = "Mo2taqSwLb06kgoawjKIWac/67JGcwztrjj6/8Oq4V4="
CALLERS = {"gauntlet", "promotion", "distribution", "agent", "worker"}
PORTS = {"gauntlet": 8771, "promotion": 8770, "distribution": 8772, "agents": 8780}


@cache
def _objects(everything: bool) -> list[Object]:
    return rendered(EVERYTHING if everything else {})


def objects(everything: bool = True) -> list[Object]:
    """What the chart makes: as it comes, or with everything switched on."""
    return copy.deepcopy(_objects(everything))


def of_kind(kind: str, found: list[Object]) -> list[Object]:
    """Those of a kind."""
    return [each for each in found if each["kind"] == kind]


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


def test_kustomize_builds_the_manifests() -> None:
    """`kubectl kustomize` takes both folders, and every object of both is in what it makes."""
    program = Path(sys.prefix) / "bin" / "kubectl"
    built = subprocess.run([program, "kustomize", MANIFESTS], capture_output=True, text=True, check=True).stdout
    made = [(each["kind"], each["metadata"]["name"]) for each in yaml.safe_load_all(built)]
    plain = rendered({"agents": EVERYTHING["agents"]})
    assert {(each["kind"], each["metadata"]["name"]) for each in plain} < set(made)
    assert len(made) == len(plain) + 2, "and the two namespaces"


def test_pods_are_restricted() -> None:
    """The restricted profile of pod security takes every pod but the agents', whose folder is on the node."""
    found = {name: list(not_restricted(pod)) for name, pod in pods(objects()).items()}
    assert found.pop("agent") == ["volume data: hostPath", "folder: root", "folder: capabilities"]
    assert set(found) == {"promotion", "gauntlet", "distribution", "worker", "migrate"}
    assert not [faults for faults in found.values() if faults]


def test_kubernetes_puts_no_variables_among_ours() -> None:
    """Service links would give each pod RINGRIFT_PROMOTION_PORT=tcp://... and others that a process refuses, so there are none."""
    assert "RINGRIFT_PROMOTION_PORT" in variables()
    assert all(pod["enableServiceLinks"] is False for pod in pods(objects()).values())


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_takes_what_it_is_given(process: str, tmp_path: Path) -> None:
    """Its settings, with the secrets of the Secret that it names as files, are ones with which it starts."""
    [config] = [each["data"] for each in of_kind("ConfigMap", objects()) if component(each) == process]
    [container] = pods(objects())[process]["containers"]
    environment = dict(config)
    for each in container["env"]:
        environment[each["name"]] = each.get("value", "node-1").replace("$(POD_IP)", "10.0.0.1")
    for name, path in list(environment.items()):
        if name.endswith("_FILE"):
            file = tmp_path / Path(path).name
            file.write_text(SECRETS.get(file.name, SECRET))
            environment[name] = str(file)
    environment |= {"RINGRIFT_ORDER_PUBLIC_KEY": PUBLIC_KEY} if process == "agent" else {}
    settings = load_settings(PROCESSES[process], environment)
    assert settings.is_loopback == (process == "worker"), (
        "whoever is called listens to the others, and nobody calls a worker"
    )
    if process != "promotion":
        called = (
            "promotion"
            if process in ("gauntlet", "distribution")
            else {"worker": "gauntlet"}.get(process, "distribution")
        )
        assert settings.url_of(called) == f"http://ringrift-{called}.ringrift.svc:{PORTS[called]}"
        assert settings.key_of(called) == SECRET


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
    assert len(secret) == 8
    assert secret <= {name for model in MODELS for name in secrets_of(model)}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"promotion": {"replicaCount": 2}}, "replicaCount"),
        ({"settings": {"RINGRIFT_DATABASE_URL": "postgresql://u:p@db/x"}}, "RINGRIFT_DATABASE_URL"),
        ({"settings": {"RINGRIFT_MOST_MODEL_BYTES": 2147483648}}, "got number, want string"),
        ({"distribution": {"replicas": 2}}, "replicas"),
        ({"workers": {"autoscaling": {"kind": "vpa"}}}, "none"),
        ({"agents": {"enabled": True}}, "RINGRIFT_ORDER_PUBLIC_KEY is needed"),
        ({"ingress": {"enabled": True}}, "ingress.hosts"),
    ],
)
def test_values_that_cannot_work_are_refused(values: Mapping[str, Any], said: str) -> None:
    """What is misspelt, secret, or would be read as something else is refused before anything is installed, by its name."""
    with pytest.raises(HelmError, match=re.escape(said)):
        rendered(values)


def documented_edges() -> set[tuple[str, str, int]]:
    """The table of docs/security.md: who calls whom."""
    table = (ROOT / "docs" / "security.md").read_text().partition("## Who needs which")[2].partition("Beside these")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    called, found = rows[0][1:], set[tuple[str, str, int]]()
    for caller, *cells in rows[2:]:
        name = re.split(r"[ ,]", caller)[0]
        found |= {
            (name, to.removesuffix("s"), PORTS[to])
            for to, cell in zip(called, cells, strict=True)
            if cell and name in CALLERS
        }
    return found


def test_only_the_edges_that_exist_are_open() -> None:
    """Pods reach each other where docs/security.md says that one calls the other, and in the swarm, and nowhere else."""
    swarm = {("distribution", "agent", 8781), ("agent", "distribution", 8773), ("agent", "agent", 8781)}
    found = objects()
    assert edges(found) == documented_edges() | swarm
    assert outward(found) == edges(found)
    assert edges(objects(everything=False)) == {edge for edge in documented_edges() if "agent" not in edge}
    policies = {component(each): each["spec"] for each in of_kind("NetworkPolicy", found)}
    assert set(policies) == set(pods(found))
    assert all(each["policyTypes"] == ["Ingress", "Egress"] for each in policies.values())


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


def test_workers_follow_the_backlog() -> None:
    """KEDA asks the service for the seconds that wait, an HPA its adapter for the figure, and neither fights over the replicas."""
    [scaled] = of_kind("ScaledObject", objects())
    [trigger] = scaled["spec"]["triggers"]
    assert trigger["metadata"]["url"] == "http://ringrift-gauntlet.ringrift.svc:8771/v1/work/backlog"
    by_hpa = rendered({"workers": {"autoscaling": {"kind": "hpa"}}})
    [hpa] = of_kind("HorizontalPodAutoscaler", by_hpa)
    figure = hpa["spec"]["metrics"][0]["external"]["metric"]["name"]
    assert f'"{figure}"' in (ROOT / "services" / "gauntlet" / "figures.py").read_text()
    for found in (objects(), by_hpa):
        assert ["replicas" in each["spec"] for each in of_kind("Deployment", found) if component(each) == "worker"] == [
            False
        ]


def test_a_migration_comes_first_and_fails_loudly() -> None:
    """It is a hook before installing and upgrading, tries three times, ends in any case, and stays to be read when it failed."""
    [job] = of_kind("Job", objects())
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "hook-succeeded" not in job["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    assert job["spec"]["backoffLimit"] == 2
    assert job["spec"]["activeDeadlineSeconds"]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_services_are_found_before_they_are_ready() -> None:
    """Readiness asks for the bus, and without the bus services read each other's feeds: so readiness hides none from the others."""
    services = of_kind("Service", objects())
    assert len(services) == 3
    assert all(each["spec"]["publishNotReadyAddresses"] for each in services)


def test_pods_end_gracefully() -> None:
    """Each has its probes, and more time to end than it waits before."""
    for name, pod in pods(objects()).items():
        if name not in ("migrate", "worker"):
            [container] = pod["containers"]
            assert [container[each]["httpGet"]["path"] for each in ("livenessProbe", "readinessProbe")] == [
                "/livez",
                "/readyz",
            ]
        if name != "migrate":
            assert pod["terminationGracePeriodSeconds"] >= 30
        assert all(each["resources"]["requests"] for each in containers(pod))


@pytest.mark.skipif(not ALERTS.exists(), reason="there are no alerts yet")
def test_alerts_come_along() -> None:
    """The PrometheusRule has the groups of deploy/prometheus/alerts.yml, word for word."""
    [rule] = of_kind("PrometheusRule", objects())
    assert rule["spec"] == yaml.safe_load(ALERTS.read_text())
    assert rule["metadata"]["labels"]["of"] == "us"
