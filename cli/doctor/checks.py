"""The checks: the causes that the runbook's troubleshooting looks for, read off the facts. Pure.

A check says all that it found, or that there is nothing. A new one is a function here, in CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from cli.doctor.facts import Facts
from cli.doctor.finding import Finding
from cli.ledger import moment

Found = Iterator[Finding]
Check = Callable[[Facts], Found]
JUDGED_WITHIN = timedelta(seconds=60)
"""How long an evaluation that completed may take to be judged."""
REMEDIES: Mapping[str, str] = {
    "model_not_found": "write the file into the models folder before it is announced; paths are inside that folder",
    "path_refused": "name the model inside the models folder: models/my_model.pth",
    "digest_mismatch": "the file changed after it was announced: announce it again",
    "model_invalid": "docs/models.md says what files are taken in",
    "worker_lost": "read what the worker said last; if memory ran out, lower RINGRIFT_GAUNTLET_LANES or RINGRIFT_GAUNTLET_WORKERS; "
    "if a module is missing, install it: pip install 'ringrift-suite[gauntlet]'",
    "too_slow": "RINGRIFT_GAUNTLET_MOVE_SECONDS and its kin say how long things may take; a smaller network is faster",
    "internal": "the reason says what is missing; announce the model again once it is there",
}
"""What to do, by the code of a failed evaluation; whoever cancelled one knows."""


def services(facts: Facts) -> Found:
    """Whether each service answers, takes the key, and has what it needs."""
    for name, why in facts.away.items():
        yield Finding(
            "services", "trouble", f"the {name} service cannot be reached", (why,),
            f"start it: python -m services.{name}, or ringrift up; RINGRIFT_{name.upper()}_URL says where it is",
        )  # fmt: skip
    for name, why in facts.refused.items():
        yield Finding(
            "services", "trouble", f"the {name} service refuses the key", (why,),
            f"give a key of scope read in RINGRIFT_{name.upper()}_KEY or RINGRIFT_API_KEY",
        )  # fmt: skip
    for name, missing in facts.ready.items():
        if missing is not None:
            yield Finding(
                "services", "trouble", f"the {name} service is not ready", tuple(missing.split("; ")),
                "mend what is named; the service goes on by itself then",
            )  # fmt: skip


def announcements(facts: Facts) -> Found:
    """Whether trainers' announcements were taken."""
    rejected = [
        each for each in facts.trainings if each["state"] == "rejected" and facts.is_recent(each["received_at"])
    ]
    if rejected:
        evidence = (
            f"{moment(each['received_at'])} {each['source']} {each['event_id']}: {each['reason']}" for each in rejected
        )
        remedy = "mend the announcement, and send it again under its id"
        yield Finding("announcements", "trouble", "announced trainings were rejected", tuple(evidence), remedy)


def evaluations(facts: Facts) -> Found:
    """Whether evaluations ended with evidence, and whether those that have not ended go on."""
    failed = [each for each in facts.evaluations if each["state"] == "failed" and facts.is_recent(each["ended_at"])]
    for each in failed:
        if each["failure_code"] != "cancelled":
            yield Finding(
                "evaluations", "trouble", f"the evaluation of {_named(each)} failed: {each['failure_code']}",
                (f"{moment(each['ended_at'])} {each['id']}: {each['failure_reason']}",), REMEDIES.get(each["failure_code"]),
            )  # fmt: skip
    for each in facts.evaluations:
        if each["state"] == "received" and each["waits_for"]:
            yield Finding(
                "evaluations", "trouble", f"the evaluation of {_named(each)} waits",
                (f"since {moment(each['requested_at'])}: {each['waits_for']}",), "mend that; it goes on by itself then",
            )  # fmt: skip
    yield from _idle(facts)


def _idle(facts: Facts) -> Found:
    """Evaluations that nobody plays."""
    states = [each["state"] for each in facts.backlog.get("evaluations", ())]
    if states and "running" not in states and not facts.backlog["waiting_workers"]:
        games = f"{len(states)} evaluations are queued, with {facts.backlog['games']} games at most"
        remedy = (
            "raise RINGRIFT_GAUNTLET_WORKERS, or start ringrift gauntlet-worker; the log says why one does not start"
        )
        yield Finding("evaluations", "trouble", "no worker plays", (games,), remedy)


def decisions(facts: Facts) -> Found:
    """What was decided lately of candidates, newest first, and whether something was evaluated and never judged."""
    for each in facts.decisions[:3]:
        if each["disposition"] in ("refused", "withheld") and facts.is_recent(each["decided_at"]):
            yield Finding(
                "decisions", "note", f"{each['configuration']} {each['digest'][:12]} was not promoted: {each['code']}",
                (f"{moment(each['decided_at'])} {each['id']}", *each["reasons"]), None,
            )  # fmt: skip
    judged = {each["evaluation_id"] for each in facts.decisions}
    oldest = (
        min((each["decided_at"] for each in facts.decisions), default=None) if len(facts.decisions) >= 100 else None
    )
    for each in facts.evaluations if "promotion" not in {*facts.away, *facts.refused} else ():
        if each["state"] != "completed" or each["id"] in judged or (oldest and each["ended_at"] < oldest):
            continue
        if facts.is_recent(each["ended_at"]) and not facts.is_recent_within(each["ended_at"], JUDGED_WITHIN):
            yield Finding(
                "decisions", "trouble", f"the evaluation of {_named(each)} completed and was never judged",
                (f"{moment(each['ended_at'])} {each['id']}",),
                "see feed-gauntlet in /readyz of the promotion service, and its /v1/dead-letters",
            )  # fmt: skip


def people(facts: Facts) -> Found:
    """What waits for a person, or was laid on a configuration by one."""
    promotion = facts.status.get("promotion_status", {})
    for each in promotion.get("awaiting", ()):
        yield Finding(
            "people", "note", f"{each['configuration']} {each['digest'][:12]} passed and waits for a word",
            (f"until {moment(each['deadline'])}",), f"ringrift approve {each['decision_id']}, or ringrift reject",
        )  # fmt: skip
    for each in promotion.get("holds", ()):
        if each["kind"] != "mark":
            verb = {"pause": "resume", "pin": "unpin"}[each["kind"]]
            yield Finding(
                "people", "note", f"there is a {each['kind']} on {each['configuration']}",
                (f"by {each['placed_by']}: {each['reason']}",), f"ringrift {verb} {each['configuration']}",
            )  # fmt: skip
    for each in promotion.get("waivers", ()):
        if each["state"] != "open":
            yield Finding(
                "people", "trouble", f"version {each['version']} of {each['configuration']} was forced, and is not confirmed",
                (f"{each['state']}: {each['finding']}",), f"ringrift rollback {each['configuration']} --reason ...",
            )  # fmt: skip


def events(facts: Facts) -> Found:
    """Whether every event could be handled."""
    for name, letters in facts.letters.items():
        left = [each for each in letters if each["replayed_at"] is None and facts.is_recent(each["died_at"])]
        if left:
            evidence = tuple(
                f"{each['id']} {moment(each['died_at'])} {each['subject']}: {each['reason']}" for each in left[-5:]
            )
            remedy = f"mend the cause, then POST /v1/dead-letters/ID/replay of the {name} service"
            text = f"the {name} service could not handle {len(left)} message{'' if len(left) == 1 else 's'}"
            yield Finding("events", "trouble", text, evidence, remedy)


def nodes(facts: Facts) -> Found:
    """Whether every node answers and holds every canonical version."""
    for node in facts.nodes:
        if node["unreached"]:
            yield Finding(
                "nodes", "trouble", f"{node['name']} cannot be reached", (node["unreached"], f"breaker: {node['breaker']}"),
                "see to its agent, its address and the network between; a node that is gone for good is deleted",
            )  # fmt: skip
    reached = {node["name"] for node in facts.nodes if not node["unreached"]}
    for key, progress in facts.status.get("model_distribution", {}).get("configurations", {}).items():
        for name, each in progress["nodes"].items():
            if name in reached and each["state"] == "pending":
                remedy = "make room on its disk" if "disk" in str(each["detail"]) else "see the node's log"
                yield Finding(
                    "nodes", "trouble", f"{name} lacks version {progress['version']} of {key}", (str(each["detail"]),),
                    f"{remedy}; it is tried again by itself",
                )  # fmt: skip


def canonical(facts: Facts) -> Found:
    """Whether files and nodes are what the ledger says."""
    for each in facts.status.get("promotion_status", {}).get("file_differences", ()):
        yield Finding(
            "canonical", "trouble", f"the canonical file of {each['configuration']} is not version {each['version']} of the ledger",
            (f"expected {each['expected']}", f"found {each['found']}", f"written again in {each['mended_in']:.0f} s"),
            "ask for its distribution with force if it was restored on purpose; else nothing: it is written again",
        )  # fmt: skip
    damaged = facts.status.get("promotion_status", {}).get("damaged_artifacts") or ()
    if damaged:
        evidence = (f"{each['digest']}: {each['size']} bytes were found" for each in damaged)
        remedy = "announce the good files again; canonical versions are mended from their canonical files by themselves"
        yield Finding("canonical", "trouble", "models of the artifact store are damaged", tuple(evidence), remedy)
    ledger = facts.status.get("ledger") or {}
    if ledger.get("agrees") is False:
        evidence = (
            f"{each['configuration']}: ledger {each['ledger']}, nodes {each['here']}" for each in ledger["differences"]
        )
        remedy = "docs/operations.md, Ledger and nodes differ"
        yield Finding(
            "canonical", "trouble", "nodes are given other versions than the ledger names", tuple(evidence), remedy
        )
    if ledger.get("nodes_ahead"):
        evidence = (
            f"{each['node']} holds version {each['version']} of {each['configuration']}" for each in ledger["ahead"]
        )
        yield Finding(
            "canonical", "trouble", f"{ledger['nodes_ahead']} nodes hold versions that the ledger has not reached",
            tuple(evidence), "if the ledger was restored from a backup: ringrift ledger restored --reason TEXT --yes",
        )  # fmt: skip


CHECKS: Mapping[str, tuple[Check, str]] = {
    "services": (services, "the three services answer and have what they need"),
    "announcements": (announcements, "no announcement was rejected"),
    "evaluations": (evaluations, "every evaluation goes on or ended with evidence"),
    "decisions": (decisions, "what was evaluated was judged, and nothing was refused lately"),
    "people": (people, "nothing waits for a person"),
    "events": (events, "every event was handled"),
    "nodes": (nodes, "every node answers and holds what is canonical"),
    "canonical": (canonical, "files and nodes are what the ledger says"),
}
"""Each check, and what is so if it finds nothing; in the order in which a model goes through the suite."""
ASKS: Mapping[str, tuple[str, ...]] = {
    "announcements": ("gauntlet",), "evaluations": ("gauntlet",), "decisions": ("promotion", "gauntlet"), "people": ("promotion",),
    "events": ("promotion", "gauntlet", "distribution"), "nodes": ("distribution",), "canonical": ("promotion", "distribution"),
}  # fmt: skip
"""Whom a check has to have asked before it can say that all is well."""


def examined(facts: Facts) -> Iterator[Finding]:
    """What every check found."""
    for name, (check, fine) in CHECKS.items():
        found = list(check(facts))
        silent = [each for each in ASKS.get(name, ()) if each in facts.away or each in facts.refused]
        if found:
            yield from found
        elif silent:
            yield Finding(name, "trouble", f"nothing is known: the {', the '.join(silent)} service could not be asked")
        else:
            yield Finding(name, "fine", fine)


def _named(evaluation: Mapping[str, Any]) -> str:
    return f"{evaluation['model_path'] or evaluation['digest']} for {evaluation['configuration']}"
