"""Rules of the rooms: what may stand where in `shared` and in a service. DESIGN's rooms are drawn in docs/architecture.md."""

from __future__ import annotations

import ast
import sys

from tests.house.rule import Faults, Rule
from tests.house.tree import SERVICES, Module, Tree

ROOMS = (
    "__main__", "api", "app", "consumers", "migrations", "repository", "schemas", "service", "settings", "tables",
)  # fmt: skip
"""What every service has; its other modules are its domain."""
DOORS = ("api", "console")
"""Where people and programs come in: what every service has, and the pages of the promotion service."""
FRAMEWORKS = ("alembic", "fastapi", "fastapi_offline", "nats", "sqlalchemy", "starlette", "uvicorn")
CLIENTS = frozenset(
    f"httpx.{name}" for name in ("AsyncClient", "Client", "delete", "get", "head", "post", "put", "request", "stream")
)
SQL_ROOMS = ("repository", "tables", "migrations")


def _is_sql_room(module: Module) -> bool:
    return module.room in SQL_ROOMS or module.parts[:2] in (("shared", "storage"), ("shared", "messaging"))


def _sql(tree: Tree) -> Faults:
    for module in tree:
        if module.is_test or _is_sql_room(module):
            continue
        for meaning in module.imports.values():
            if meaning.split(".")[0] == "sqlalchemy" and not meaning.startswith("sqlalchemy.exc."):
                yield module.path, f"imports {meaning}"


def _problems(tree: Tree) -> Faults:
    for module in tree:
        if module.is_test or module.room in DOORS or module.parts[:2] == ("shared", "web") or module.parts[-1] == "api":
            continue
        for node in ast.walk(module.tree):
            named: list[ast.expr] = []
            if isinstance(node, ast.ClassDef):
                named = node.bases
            elif isinstance(node, ast.Raise) and node.exc:
                named = [node.exc.func if isinstance(node.exc, ast.Call) else node.exc]
            if any(".problems." in module.meaning(each) for each in named):
                yield module.path, f"makes or raises a problem in line {node.lineno}"  # type: ignore[attr-defined]


def _frameworks(tree: Tree) -> Faults:
    for module in tree:
        is_domain = module.service is not None and module.room not in (*ROOMS, *DOORS)
        if not is_domain and module.parts[0] != "play":
            continue
        for meaning in module.imports.values():
            if meaning.split(".")[0] in FRAMEWORKS:
                yield module.path, f"imports {meaning}"


def _emitters(tree: Tree) -> Faults:
    for module in tree:
        if module.service is None or module.room == "service":
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and module.meaning(node.func).endswith("outbox.add"):
                yield module.path, f"emits an event in line {node.lineno}"


def _missing_rooms(tree: Tree) -> Faults:
    for service in SERVICES:
        present = {module.room for module in tree if module.service == service and "agent" not in module.parts}
        for room in ROOMS:
            if present and room not in present:
                yield f"services/{service}/{room}", "is missing"


def _client(tree: Tree) -> Faults:
    allowed = {*sys.stdlib_module_names, "httpx", "ringrift_client"}
    for module in tree:
        for meaning in module.imports.values() if module.parts[0] == "client" else ():
            if meaning.split(".")[0] not in allowed:
                yield module.path, f"imports {meaning}"


def _clients(tree: Tree) -> Faults:
    for module in tree:
        if module.parts[0] not in ("services", "shared") or module.path == "shared/process/http_client.py":
            continue
        for node in module.nodes(ast.Call):
            assert isinstance(node, ast.Call)
            if module.meaning(node.func) in CLIENTS:
                yield module.path, f"makes an HTTP client in line {node.lineno}"


RULES = (
    Rule(
        "SQL stands in repository.py and tables.py alone",
        "One place to look for every statement, and a domain that can be tested without a database.",
        _sql,
        forbids={"services/promotion/status.py": "from sqlalchemy import select\n"},
        allows={
            "services/promotion/repository.py": "from sqlalchemy import select\n",
            "shared/web/problems.py": "from sqlalchemy.exc import DBAPIError\n",
        },
    ),
    Rule(
        "problems are raised by routes alone",
        "A problem is an answer over HTTP; events and the command line call the same use cases and have no HTTP.",
        _problems,
        forbids={
            "services/promotion/service.py": "from shared.web.problems import NotFound\ndef f():\n    raise NotFound('x')\n",
            "services/promotion/errors.py": "from shared.web import problems\nclass Gone(problems.Problem): ...\n",
        },
        allows={
            "services/promotion/api/problems.py": "from shared.web.problems import Problem\nclass Gone(Problem): ...\n",
            "services/promotion/service.py": "from services.promotion.errors import Gone\ndef f():\n    raise Gone('x')\n",
        },
    ),
    Rule(
        "the domain imports no framework",
        "What the suite decides must be readable and testable without FastAPI, SQLAlchemy or NATS.",
        _frameworks,
        forbids={"services/distribution/breaker.py": "import nats.errors\n", "play/arena.py": "from fastapi import Request\n"},
        allows={"services/distribution/breaker.py": "import httpx\n", "services/gauntlet/api/a.py": "import fastapi\n"},
    ),
    Rule(
        "events are emitted by service.py alone",
        "The use cases are the one list of everything that a service tells the others.",
        _emitters,
        forbids={"services/gauntlet/runner.py": "async def f(self, tx, event):\n    await self.outbox.add(tx, event)\n"},
        allows={"services/gauntlet/service.py": "async def f(self, tx, event):\n    await self.outbox.add(tx, event)\n"},
    ),
    Rule(
        "every service has the same rooms",
        "Who knows one service knows three.",
        _missing_rooms,
        forbids={"services/gauntlet/app.py": ""},
        allows={f"services/gauntlet/{room}.py": "" for room in ROOMS},
    ),
    Rule(
        "HTTP clients are made in shared/process/http_client.py alone",
        "There an answer has its bounds, a call its time, and the proxy and the authority are those of the settings.",
        _clients,
        forbids={
            "services/distribution/app.py": "import httpx\nclient = httpx.AsyncClient()\n",
            "shared/messaging/feed.py": "from httpx import get\nget('http://h')\n",
        },
        allows={
            "shared/process/http_client.py": "import httpx\nclient = httpx.AsyncClient()\n",
            "services/distribution/app.py": "import httpx\ndef f(client: httpx.AsyncClient): ...\n",
        },
    ),
    Rule(
        "the client needs httpx alone",
        "A trainer takes `ringrift_client` into an environment of its own, without this suite.",
        _client,
        forbids={"client/ringrift_client/front_door.py": "from shared.contract.configuration import Configuration\n"},
        allows={"client/ringrift_client/front_door.py": "import json\nimport httpx\nfrom ringrift_client import errors\n"},
    ),
)  # fmt: skip
