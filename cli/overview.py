"""The suite at a glance in lines, from what the front door's /status answers. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.ledger import moment, shortened

RECENT = 8
CANONICAL = ("configuration", "version", "digest", "since", "kind", "nodes")
EVENTS = ("time", "event", "configuration", "detail")


def canonical_rows(status: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row for each configuration that has a canonical version."""
    delivered = status["model_distribution"].get("configurations", {})
    return [
        (
            key,
            str(each["version"]),
            each["digest"][:12],
            moment(each["promoted_at"]),
            each["kind"],
            _nodes(delivered.get(key)),
        )
        for key, each in status["promotion_status"]["configurations"].items()
    ]


def _nodes(progress: Mapping[str, Any] | None) -> str:
    """How many nodes hold it, and which do not."""
    if progress is None:
        return "?"
    lacking = [name for name, node in progress["nodes"].items() if node["state"] != "delivered"]
    held = f"{len(progress['nodes']) - len(lacking)} of {len(progress['nodes'])}"
    return held + (f", lacking: {shortened(', '.join(lacking), 40)}" if lacking else "")


def open_lines(status: Mapping[str, Any]) -> Iterator[str]:
    """What is under way, waits for somebody, or is not as it should be; a line for each."""
    promotion = status["promotion_status"]
    gauntlet = status["daemons"].get("GAUNTLET", {})
    if gauntlet.get("status") == "running":
        yield "evaluations: " + ", ".join(f"{gauntlet[name]} {name}" for name in ("received", "queued", "running"))
    for name, daemon in sorted(status["daemons"].items()):
        if daemon["status"] != "running":
            yield f"{name} is {daemon['status']}: {daemon.get('detail', '')}"
    for each in promotion["open_requests"]:
        yield f"asked for: {each['model_path']} as {each['configuration']}, request {each['id']}"
    for each in promotion["awaiting"]:
        yield f"waits for a word: {each['configuration']} {each['digest'][:12]}, ringrift approve {each['decision_id']}"
    for each in promotion["holds"]:
        yield f"{each['kind']} on {each['configuration']} by {each['placed_by']}: {each['reason']}"
    for each in promotion["waivers"]:
        yield f"forced and not confirmed: {each['configuration']} version {each['version']}, {each['state']}"
    for each in promotion["file_differences"]:
        yield f"the file of {each['configuration']} is not the ledger's; it is written again in {each['mended_in']:.0f} s"
    if (status["ledger"] or {}).get("agrees") is False:
        yield "nodes are given other versions than the ledger names: ringrift doctor"
    if ahead := (status["ledger"] or {}).get("nodes_ahead"):
        yield f"{ahead} nodes hold versions that the ledger has not reached: ringrift doctor"


def decided(status: Mapping[str, Any]) -> str:
    """The last decision."""
    last = status["promotion_status"]["last_decision"]
    if last is None:
        return "nothing was decided yet"
    why = shortened("; ".join(last["reasons"]), 120)
    return f"last decision: {last['configuration']} {last['digest'][:12]} {last['disposition']} ({last['code']}): {why}"


def event_rows(events: list[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """A row for each event."""
    return [
        (moment(each["time"]), each["type"], each["configuration"], shortened(each["detail"] or "", 100))
        for each in events
    ]
