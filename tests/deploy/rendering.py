"""What the chart makes, as it comes and with everything switched on. It asks nothing of it."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from deploy.render import ALERTS, rendered
from tests.deploy.pods import Object

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


@cache
def _objects(everything: bool) -> list[Object]:
    return rendered(EVERYTHING if everything else {})


def objects(everything: bool = True) -> list[Object]:
    """What the chart makes: as it comes, or with everything switched on."""
    return copy.deepcopy(_objects(everything))


def of_kind(kind: str, found: list[Object]) -> list[Object]:
    """Those of a kind."""
    return [each for each in found if each["kind"] == kind]
