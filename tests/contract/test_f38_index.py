"""`GET /` of every process: what answers here, and where to look next."""

import hashlib
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.distribution.agent.app import create_app as create_agent
from services.distribution.agent.settings import AgentSettings
from services.distribution.app import create_app as create_distribution
from services.distribution.settings import DistributionSettings
from services.gauntlet.app import create_app as create_gauntlet
from services.gauntlet.settings import GauntletSettings
from services.promotion.app import create_app as create_promotion
from services.promotion.settings import PromotionSettings

DATABASE = "postgresql+asyncpg://u:p@127.0.0.1/db"
KEYS = (f"k:read:{hashlib.sha256(b'key').hexdigest()}",)
STATUS = {"gauntlet", "promotion", "distribution"}


@pytest.fixture(params=["gauntlet", "promotion", "distribution", "agent"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, FastAPI]:
    """Each process's application in turn, with keys."""
    apps: dict[str, FastAPI] = {
        "gauntlet": create_gauntlet(GauntletSettings(database_url=DATABASE, api_keys=KEYS)),
        "promotion": create_promotion(PromotionSettings(database_url=DATABASE, api_keys=KEYS)),
        "distribution": create_distribution(DistributionSettings(database_url=DATABASE, api_keys=KEYS)),
        "agent": create_agent(AgentSettings(agent_node="node-1", agent_dir=tmp_path, api_keys=KEYS)),
    }
    return request.param, apps[request.param]


async def test_f38_the_index_names_the_process_and_links_to_what_it_has(app: tuple[str, FastAPI]) -> None:
    """Without a key; every link leads to a route, and the services that have a status name it."""
    name, application = app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://ringrift") as client:
        answer = await client.get("/")
        assert answer.status_code == 200
        said = answer.json()
        assert said["name"] == f"RingRift {name}"
        assert {"docs", "openapi", "ready"} <= said["links"].keys()
        assert ("status" in said["links"]) is (name in STATUS)
        for link in (said["links"][each] for each in ("docs", "openapi")):
            assert (await client.get(link)).status_code == 200
