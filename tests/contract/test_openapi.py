"""The OpenAPI documents that clients are generated from."""

import json
import re
from pathlib import Path
from typing import Any

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


@pytest.fixture(params=["gauntlet", "promotion", "distribution", "agent"])
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The OpenAPI document of each process in turn."""
    apps: dict[str, FastAPI] = {
        "gauntlet": create_gauntlet(GauntletSettings(database_url=DATABASE)),
        "promotion": create_promotion(PromotionSettings(database_url=DATABASE)),
        "distribution": create_distribution(DistributionSettings(database_url=DATABASE)),
        "agent": create_agent(AgentSettings(agent_node="node-1", agent_dir=tmp_path)),
    }
    return json.loads(json.dumps(apps[request.param].openapi()))


def operations(document: Any) -> list[Any]:
    """Every operation of a document."""
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_every_operation_has_a_name_of_its_own(document: Any) -> None:
    """Generated clients call their functions by operation id."""
    names = [operation["operationId"] for operation in operations(document)]
    assert sorted(names) == sorted(set(names))
    assert all(re.fullmatch("[a-z_]+", name) for name in names)


def test_every_reference_leads_somewhere(document: Any) -> None:
    """No schema is referred to that the document does not hold."""
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred <= set(document["components"]["schemas"])


def test_every_error_is_a_problem(document: Any) -> None:
    """Wherever a route says that it may refuse, it is with problem+json."""
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                assert "application/problem+json" in answer["content"], (operation["operationId"], status)
