"""Each key goes to the service that it is for, by the request's address. No server is needed."""

import httpx
import pytest

from shared.process.edge_keys import EdgeKeys
from shared.process.settings import ServiceSettings

KEYS = {
    "http://gauntlet:8771": "g", "https://suite.example/promotion/": "p", "https://suite.example/promotion/deep": "d",
    "http://open:80": None, "https://suite.example:443/x": "x",
}  # fmt: skip


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://gauntlet:8771/v1/events?after=0", "g"),
        ("http://gauntlet:8771", "g"),
        ("http://gauntlet:8772/v1/events", None),
        ("http://gauntlet/v1/events", None),
        ("https://gauntlet:8771/v1/events", None),
        ("http://gauntlet.evil:8771/v1/events", None),
        ("http://gauntlet@evil:8771/v1/events", None),
        ("https://suite.example/promotion/v1/events", "p"),
        ("https://suite.example/promotion", "p"),
        ("https://suite.example/promotions/v1/events", None),
        ("https://suite.example/promotion/deep/v1", "d"),
        ("https://suite.example/v1/events", None),
        ("https://suite.example/x/v1", "x"),
        ("http://open/v1/events", None),
        ("http://node-1:8780/v1/models", None),
    ],
)
async def test_f58_a_key_goes_to_its_receiver_alone(url: str, key: str | None) -> None:
    """Another port, scheme, host or path prefix is another receiver."""
    async with httpx.AsyncClient(auth=EdgeKeys(KEYS), transport=httpx.MockTransport(echo)) as client:
        assert (await client.get(url)).text == (f"Bearer {key}" if key else "")


async def test_f58_a_redirect_takes_no_key_along() -> None:
    """A service that sends a caller elsewhere does not send its key there."""
    async with httpx.AsyncClient(auth=EdgeKeys(KEYS), transport=httpx.MockTransport(echo)) as client:
        answer = await client.get("http://gauntlet:8771/away", follow_redirects=True)
    assert (str(answer.url), answer.text) == ("http://evil/", "")


def echo(request: httpx.Request) -> httpx.Response:
    """The Authorization header as text; /away leads to another host."""
    if request.url.path == "/away":
        return httpx.Response(302, headers={"Location": "http://evil/"})
    return httpx.Response(200, text=request.headers.get("Authorization", ""))


def test_f58_each_edge_may_have_its_own_key() -> None:
    """RINGRIFT_API_KEY is for the services that have none."""
    settings = ServiceSettings(
        database_url="postgresql+asyncpg://u:p@127.0.0.1/db", api_key="all", promotion_key="p", distribution_key=""
    )
    assert list(settings.edges.values()) == ["all", "p", "all"]
    assert [settings.key_of(name) for name in settings.CALLS] == ["all", "p", "all"]
    assert "all" not in repr(settings)
