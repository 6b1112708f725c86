"""The rules of webhooks by themselves: where receivers may be, when a notice is tried again, and what is signed."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.promotion.errors import ReceiverRefusedError
from services.promotion.notice_body import body_of, media_type
from services.promotion.webhook import (
    LONGEST_PAUSE,
    SPREAD,
    Notice,
    WebhookRules,
    is_public,
    secret_of,
    signed,
)
from shared.contract.events import DATA_MODELS
from shared.contract.words import NoticeFormat

RULES = WebhookRules()
EVENT = UUID(int=7)
CHANCE = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example/x", "RINGRIFT_WEBHOOK_HTTP=true allows http"),
        ("ftp://hooks.example/x", "is no address"),
        ("https://", "is no address"),
        ("https://user:password@hooks.example/x", "is no address"),
        ("https://hooks.example:0/x", "is no address"),
        ("https://hooks.example:x/", "is no address"),
        ("https://hooks.example/x#part", "is no address"),
        ("https://127.0.0.1/x", "127.0.0.1, which is no public address; RINGRIFT_WEBHOOK_PRIVATE=true"),
        ("https://[::1]/x", "no public address"),
        ("https://10.1.2.3/x", "no public address"),
        ("https://169.254.169.254/latest", "no public address"),
        ("https://[::ffff:192.168.0.1]/x", "no public address"),
        ("https://[64:ff9b::10.0.0.1]/x", "no public address"),
        ("https://[2002:7f00:1::]/x", "no public address"),
    ],
)
def test_addresses_within_the_network_are_refused(url: str, words: str) -> None:
    """By scheme, by form, and by what an address stands for, however it is written."""
    with pytest.raises(ReceiverRefusedError, match=words):
        RULES.require_receiver(url)


def test_what_is_allowed_is_taken() -> None:
    """A public name or address, and with the two settings any."""
    for url in ("https://hooks.example/x?token=1", "https://hooks.example:8443", "https://1.1.1.1/"):
        RULES.require_receiver(url)
    WebhookRules(http=True, private=True).require_receiver("http://127.0.0.1:9/x")
    with pytest.raises(ReceiverRefusedError):
        RULES.require_public("hooks.example", [ipaddress.ip_address("1.1.1.1"), ipaddress.ip_address("10.0.0.1")])


@given(st.ip_addresses())
def test_an_address_in_another_is_as_public_as_that(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """No way of writing an address of IPv4 in one of IPv6 gets round the rule."""
    if isinstance(address, ipaddress.IPv4Address):
        for other in (f"::ffff:{address}", f"64:ff9b::{address}"):
            assert is_public(ipaddress.ip_address(other)) == is_public(address)
    elif is_public(address):
        assert address.is_global


@given(st.integers(1, 200), st.floats(0.01, 3600), st.integers(1, 100), CHANCE)
def test_pauses_grow_and_end(attempts: int, first: float, most: int, chance: float) -> None:
    """Each is at least as long as the one before, but for chance, and no longer than the longest; after the last try is none."""
    rules = WebhookRules(attempts=most, pause_seconds=first)
    pause, following = rules.pause(attempts, chance), rules.pause(attempts + 1, chance)
    assert (pause is None) == (attempts >= most)
    if pause is not None:
        assert first * (1 - SPREAD) <= pause <= LONGEST_PAUSE * (1 + SPREAD)
        assert following is None or following >= pause


def test_messages_are_signed_as_standard_webhooks_say() -> None:
    """What their reference implementation signs, and the body that is sent is the event in ASCII, the same at each try."""
    notice = Notice(EVENT, EVENT, 1, {"b": "\x1b[2J\u00fc", "a": 1}, "https://h", secret_of(b"secret"))
    assert body_of(notice) == b'{"a":1,"b":"\\u001b[2J\\u00fc"}'
    headers = signed(notice, b'{"test": 2432232314}', datetime.fromtimestamp(1614265330.9, UTC))
    assert headers["webhook-id"] == str(EVENT)
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == SIGNATURE
    assert notice.secret == f"whsec_{base64.b64encode(b'secret').decode()}"


SIGNATURE = "v1,TvpjoHpiekFpcGEDkA2Ixiv1rtcH8Gnotd9WOFMjudE="
"""Made by the reference implementation, `standardwebhooks` 1.1.0."""


HOSTILE = "@everyone <!channel> <@U1> [win](https://evil.example) `rm` ``` **bold** &amp; \x1b[2J\u202e\n# big"
REFUSED: Mapping[str, Any] = {
    "type": "MODEL_PROMOTION_FAILED", "subject": "hex8_2p",
    "data": {"verdict": "failed", "digest": "0" * 64, "decision_id": str(EVENT), "reasons": [HOSTILE], "disposition": "refused"},
}  # fmt: skip


def sent(chat: NoticeFormat, event: Mapping[str, Any]) -> Any:
    """What a webhook of such a chat is sent."""
    notice = Notice(EVENT, EVENT, 1, event, "https://hooks.example/x", "", chat)
    assert media_type(notice) == "application/json"
    body = body_of(notice)
    assert body.isascii()
    return json.loads(body)


def test_f64_what_others_wrote_is_plain_in_slack() -> None:
    """It stands in a block of plain text, with Slack's three characters escaped, and nothing of it steers what it is shown on."""
    message = sent("slack", REFUSED)
    assert {each["text"]["type"] for each in message["blocks"]} == {"plain_text"}
    assert message["text"] == "hex8_2p: a candidate is refused"
    words = message["blocks"][-1]["text"]["text"]
    assert words.isprintable()
    assert not set("<>").intersection(words)
    assert "&lt;!channel&gt;" in words
    assert "&amp;amp;" in words


def test_f64_what_others_wrote_calls_nobody_in_discord() -> None:
    """Mentions are off, `@` is broken, and its words cannot leave their block of code."""
    message = sent("discord", REFUSED)
    assert message["allowed_mentions"] == {"parse": []}
    [embed] = message["embeds"]
    opening, words, closing = embed["description"].split("\n")
    assert (opening, closing) == ("```", "```")
    assert "`" not in words
    assert "@everyone" not in words
    assert "\x1b" not in words
    assert "evil" not in json.dumps({name: each for name, each in embed.items() if name != "description"})


@given(st.text(max_size=3000))
def test_f64_any_words_fit_and_stay_where_they_are(words: str) -> None:
    """Whatever is written: within what each chat takes, one line, and in its place."""
    told = {**REFUSED, "data": {**REFUSED["data"], "reasons": [words]}}
    [embed] = sent("discord", told)["embeds"]
    assert len(embed.get("description", "")) <= 4096
    assert embed.get("description", "").count("`") in (0, 6)
    for block in sent("slack", told)["blocks"]:
        assert len(block["text"]["text"]) <= 3000
        assert not set("<>").intersection(block["text"]["text"])


DATA: Mapping[str, Mapping[str, Any]] = {
    "MODEL_PROMOTED": {
        "version": 7,
        "previous_version": 6,
        "kind": "automatic",
        "digest": "0" * 64,
        "decision_id": str(EVENT),
    },
    "MODEL_PROMOTION_FAILED": REFUSED["data"],
    "MODEL_PROMOTION_WITHHELD": {**REFUSED["data"], "disposition": "awaiting"},
    "EVALUATION_REQUESTED": {"reason": "manual", "model_path": "models/x.pth"},
    "CURRICULUM_UPDATED": {"weight": 1.25, "share": 0.1},
    "LEDGER_RESTORED": {"epoch": 7, "reason": "the backup of Sunday"},
}
"""What a chat is told of each type."""


def test_every_event_is_told_in_words() -> None:
    """Each type of this service's events says something of itself in both chats, and a promotion its version."""
    assert set(DATA) == {name for name, model in DATA_MODELS.items() if model.producer == "promotion"}
    titles = {}
    for name, data in DATA.items():
        event = {"type": name, "subject": "hex8_2p", "data": data}
        titles[name] = sent("slack", event)["text"]
        assert sent("discord", event)["embeds"][0]["title"] == titles[name]
        assert name not in titles[name]
    assert titles["MODEL_PROMOTED"] == "hex8_2p: version 7 is canonical, after 6"
