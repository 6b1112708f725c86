"""Rules of the routes: who may call them is said where they are declared."""

from __future__ import annotations

import ast

from tests.house.rule import Faults, Rule
from tests.house.tree import Module, Tree, functions

READING = ("get", "head")
CHANGING = ("post", "put", "patch", "delete")
HOME = "shared/web/application.py"
"""Makes the routers: `new_router` gives `read` to every route, and health is open to everybody."""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)


def _says_who(module: Module, call: ast.Call) -> bool:
    dependencies = _keyword(call, "dependencies")
    named = dependencies.elts if isinstance(dependencies, ast.List | ast.Tuple) else []
    return any(module.meaning(each).startswith("shared.web.keys.") for each in named)


def _undeclared(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            continue
        verb, owner = decorator.func.attr, module.meaning(decorator.func.value)
        if verb in CHANGING and not _says_who(module, decorator):
            return f"{verb} without `dependencies=[OPERATE]`"
        if verb in READING and owner == "app" and not _says_who(module, decorator):
            return f"{verb} of the application itself, which no router guards"
    return None


def _scopes(tree: Tree) -> Faults:
    for module in tree:
        if module.is_test or module.parts[0] not in ("services", "shared") or module.path == HOME:
            continue
        for name, node in functions(module):
            if what := _undeclared(module, node):
                yield f"{module.path}: {name}", what
        for call in module.nodes(ast.Call):
            assert isinstance(call, ast.Call)
            if module.meaning(call.func) == "fastapi.APIRouter" and not _says_who(module, call):
                yield f"{module.path}: APIRouter", "makes a router without `new_router` and without a scope"


RULES = (
    Rule(
        "every route declares who may call it",
        "A route that forgets it would be open to every key; declared on the route, OpenAPI and /docs show it.",
        _scopes,
        forbids={
            "services/promotion/api/promote.py": "@router.post('/admin/promote')\nasync def promote(): ...\n",
            "services/promotion/api/status.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/v1')\n",
            "services/promotion/app.py": "@app.get('/status')\nasync def status(): ...\n",
        },
        allows={
            "services/promotion/api/promote.py": "from shared.web.keys import OPERATE\n"
            "@router.post('/admin/promote', dependencies=[OPERATE])\nasync def promote(): ...\n",
            "services/promotion/api/status.py": "router = new_router('promotion')\n@router.get('/status')\ndef status(): ...\n",
        },
    ),
)  # fmt: skip
