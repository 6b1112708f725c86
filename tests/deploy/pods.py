"""What the restricted profile of pod security asks of a pod, and who reaches whom by the NetworkPolicies. It renders nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Object = dict[str, Any]
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def pods(objects: Iterable[Object]) -> dict[str, Object]:
    """The pod specs of all workloads, by component."""
    return {
        component(each): each["spec"]["template"]["spec"]
        for each in objects
        if each["kind"] in ("Deployment", "DaemonSet", "Job")
    }


def component(each: Object) -> str:
    """Which process an object is of."""
    return str(each["metadata"]["labels"]["app.kubernetes.io/component"])


def containers(pod: Object) -> list[Object]:
    """All containers of a pod."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def not_restricted(pod: Object) -> Iterator[str]:
    """What the restricted profile refuses of a pod, and what we ask beyond it."""
    of_pod = pod.get("securityContext", {})
    if of_pod.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "seccomp"
    for volume in pod.get("volumes", ()):
        if kinds := set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']}: {min(kinds)}"
    if any(pod.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")):
        yield "host namespaces"
    if pod.get("automountServiceAccountToken") is not False:
        yield "a token of Kubernetes' API"
    for each in containers(pod):
        yield from (f"{each['name']}: {fault}" for fault in _not_restricted(each, of_pod))


def _not_restricted(container: Object, of_pod: Object) -> Iterator[str]:
    own = container.get("securityContext", {})
    seen = of_pod | own
    if not seen.get("runAsNonRoot") or not isinstance(seen.get("runAsUser"), int) or seen["runAsUser"] == 0:
        yield "root"
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "privileges"
    if own.get("capabilities") != {"drop": ["ALL"]}:
        yield "capabilities"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "a root file system that can be written"
    if not container.get("resources", {}).get("limits", {}).get("memory"):
        yield "no limit"


def edges(objects: Iterable[Object]) -> set[tuple[str, str, int]]:
    """Who reaches whom on which port, by the NetworkPolicies' ingress."""
    return {
        (peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"], component(each), port["port"])
        for each in objects
        if each["kind"] == "NetworkPolicy"
        for rule in each["spec"]["ingress"] or ()
        for peer in rule["from"]
        for port in rule["ports"]
    }


def outward(objects: Iterable[Object]) -> set[tuple[str, str, int]]:
    """Who may begin to speak to whom on which port, by the NetworkPolicies' egress to pods."""
    return {
        (component(each), peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"], port["port"])
        for each in objects
        if each["kind"] == "NetworkPolicy"
        for rule in each["spec"]["egress"]
        for peer in rule.get("to", ())
        if "podSelector" in peer
        for port in rule["ports"]
    }
