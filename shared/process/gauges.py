"""Gauges with a label for each of many things. They are shown so that a reader in another thread never finds one missing."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Gauge


def show(gauge: Gauge, values: Mapping[str, float]) -> None:
    """Have a gauge with one label tell exactly these values. What is gone is taken away after what is there was set."""
    for label, value in values.items():
        gauge.labels(label).set(value)
    for labels in [sample.labels for family in gauge.collect() for sample in family.samples]:
        [label] = labels.values()
        if label not in values:
            gauge.remove(label)
