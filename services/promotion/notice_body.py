"""What a webhook's receiver is sent: the event itself, or a message for a chat. Pure.

What others wrote is never markup in a chat: it makes no link, calls nobody, and stands apart from what the suite says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from services.promotion.webhook import Notice
from shared.contract.words import NoticeFormat

CLOUD_EVENT, JSON = "application/cloudevents+json", "application/json"
MOST_TITLE, MOST_WORDS, MOST_ESCAPED = 140, 1500, 2900
"""Characters, within what Slack and Discord take."""
COLOURS = {"MODEL_PROMOTED": 0x2E7D32, "MODEL_PROMOTION_FAILED": 0xC62828, "MODEL_PROMOTION_WITHHELD": 0xEF6C00}


class Message(NamedTuple):
    """An event for people. `title`, `facts`: in the suite's own words; `words`: what others may have written, or empty."""

    title: str
    facts: Mapping[str, str]
    words: str = ""


def body_of(notice: Notice) -> bytes:
    """What is sent: the same bytes at each try, in ASCII, so that it steers no terminal."""
    return json.dumps(_BODIES[notice.format](notice.event), separators=(",", ":"), sort_keys=True).encode()


def media_type(notice: Notice) -> str:
    """What kind of bytes they are."""
    return CLOUD_EVENT if notice.format == "json" else JSON


def message_of(event: Mapping[str, Any]) -> Message:
    """What an event of this service says."""
    data, about = event["data"], event["subject"]
    match event["type"]:
        case "MODEL_PROMOTED":
            facts = {"how": data["kind"], "digest": data["digest"][:12], "decision": data["decision_id"]}
            before = f", after {data['previous_version']}" if data.get("previous_version") else ""
            return Message(f"{about}: version {data['version']} is canonical{before}", facts)
        case "MODEL_PROMOTION_FAILED" | "MODEL_PROMOTION_WITHHELD":
            became = "refused" if event["type"] == "MODEL_PROMOTION_FAILED" else data.get("disposition") or "withheld"
            facts = {"verdict": data["verdict"], "digest": data["digest"][:12], "decision": data["decision_id"]}
            return Message(f"{about}: a candidate is {became}", facts, "; ".join(data["reasons"]))
        case "EVALUATION_REQUESTED":
            model = data.get("model_path") or data.get("digest") or ""
            return Message(f"{about}: an evaluation is asked for", {"why": data["reason"]}, model)
        case "CURRICULUM_UPDATED":
            facts = {"weight": f"{data['weight']:.3g}", "share": f"{data['share']:.1%}"}
            return Message(f"{about}: its weight in the curriculum changed", facts)
        case "LEDGER_RESTORED":
            return Message("the ledger was restored", {"epoch": str(data["epoch"])}, data["reason"])
    return Message(f"{about}: {event['type']}", {})


def _as_it_is(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return event


def _slack(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """An incoming webhook of Slack: blocks of plain text, in which nothing is markup; the line of its notification is escaped."""
    told = message_of(event)
    texts = [", ".join(f"{name} {value}" for name, value in told.facts.items()), _fitting(told.words)]
    sections = [{"type": "section", "text": _plain(text)} for text in texts if text]
    header = {"type": "header", "text": _plain(told.title[:MOST_TITLE])}
    return {"text": _escaped(told.title[:MOST_TITLE]), "mrkdwn": False, "blocks": [header, *sections]}


def _discord(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """A webhook of Discord: nobody is mentioned whatever it says, and what others wrote stands in a block of code."""
    told = message_of(event)
    words = harmless(told.words, MOST_WORDS).replace("`", "'").replace("@", "@\u200b")
    embed: dict[str, Any] = {"title": told.title[:MOST_TITLE], "color": COLOURS.get(event["type"], 0x546E7A)}
    embed["fields"] = [{"name": name, "value": value, "inline": True} for name, value in told.facts.items()]
    if words:
        embed["description"] = f"```\n{words}\n```"
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


_BODIES: Mapping[NoticeFormat, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "json": _as_it_is, "slack": _slack, "discord": _discord,
}  # fmt: skip


def harmless(words: str, most: int) -> str:
    """What others wrote on one line, what cannot be printed spelt out, and no longer than so."""
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in words)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _fitting(words: str) -> str:
    """As many of them as Slack takes in a block, which counts what they are escaped to."""
    found = harmless(words, MOST_WORDS)
    return found if len(_escaped(found)) <= MOST_ESCAPED else harmless(words, MOST_ESCAPED // len("&amp;"))


def _plain(text: str) -> Mapping[str, Any]:
    return {"type": "plain_text", "text": _escaped(text), "emoji": False}


def _escaped(text: str) -> str:
    """As Slack wants its three characters of control."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
