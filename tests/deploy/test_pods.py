"""The pods of the chart: restricted, with the edges that exist, and settings with which their processes start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.render import rendered
from services.distribution.agent.settings import AgentSettings
from services.distribution.settings import DistributionSettings
from services.gauntlet.figures import BACKLOG_GAMES, BACKLOG_SECONDS
from services.gauntlet.schemas import Backlog
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.worker.settings import WorkerSettings
from services.promotion.settings import PromotionSettings
from shared.process.settings import BaseServiceSettings, load_settings, variables
from tests.deploy.pods import component, containers, edges, not_restricted, outward, pods
from tests.deploy.rendering import objects, of_kind
from tests.house.tree import ROOT

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
SECRET = "of-more-than-thirty-two-characters"
PUBLIC_KEY = "Mo2taqSwLb06kgoawjKIWac/67JGcwztrjj6/8Oq4V4="
CALLERS = {"gauntlet", "promotion", "distribution", "agent", "worker"}
PORTS = {"gauntlet": 8771, "promotion": 8770, "distribution": 8772, "agents": 8780}


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
        environment[each["name"]] = each.get("value", "10.0.0.1").replace("$(POD_IP)", "10.0.0.1")
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


def test_workers_follow_the_backlog() -> None:
    """KEDA asks the service for what waits, an HPA its adapter for the same figures, and neither fights over the replicas."""
    [scaled] = of_kind("ScaledObject", objects())
    asked = {each["metadata"]["valueLocation"] for each in scaled["spec"]["triggers"]}
    assert asked == {"games", "seconds"} < set(Backlog.model_fields)
    urls = {each["metadata"]["url"] for each in scaled["spec"]["triggers"]}
    assert urls == {"http://ringrift-gauntlet.ringrift.svc:8771/v1/work/backlog"}
    by_hpa = rendered({"workers": {"autoscaling": {"kind": "hpa"}}})
    [hpa] = of_kind("HorizontalPodAutoscaler", by_hpa)
    figures = {each["external"]["metric"]["name"] for each in hpa["spec"]["metrics"]}
    assert figures == {metric.name for each in (BACKLOG_GAMES, BACKLOG_SECONDS) for metric in each.describe()}
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
