"""A producer's feed, as neighbours of a service under test show it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

from shared.contract.events import Event


def feed_page(events: Sequence[Event], query: str) -> dict[str, Any]:
    """The answer to GET /v1/events: everything after the cursor."""
    after = int(parse_qs(query)["after"][0].split(".")[0])
    items = [event.model_dump(mode="json") for event in events[after:]]
    return {"items": items, "next": f"{after + len(items)}.0"}
