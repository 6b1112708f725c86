"""Rules of the tests themselves."""

from __future__ import annotations

import ast
import re

from tests.house.rule import Faults, Rule
from tests.house.tree import PACKAGES, Module, Tree, functions

SLEEPS = ("time.sleep", "asyncio.sleep")
REQUESTS = {f"httpx.{each}" for each in ("delete", "get", "patch", "post", "put", "request", "stream")}


def _is_zero(call: ast.Call) -> bool:
    return [each.value for each in call.args if isinstance(each, ast.Constant)] == [0]


def _sleeps(tree: Tree) -> Faults:
    for module in tree:
        if not module.is_test or module.parts[:2] in (("tests", "kit"), ("tests", "benchmarks"), ("tests", "chaos")):
            continue
        for node in module.nodes(ast.Call):
            assert isinstance(node, ast.Call)
            if module.meaning(node.func) in SLEEPS and not _is_zero(node):
                yield module.path, f"sleeps in line {node.lineno}"


def _clients(tree: Tree) -> Faults:
    for module in tree:
        for node in module.nodes(ast.Call) if module.is_test else ():
            assert isinstance(node, ast.Call)
            if module.meaning(node.func) in REQUESTS:
                yield module.path, f"makes a client for one request in line {node.lineno}"


def _sentences(tree: Tree) -> Faults:
    for module in tree:
        for name, node in functions(module) if module.is_test else ():
            text = " ".join((ast.get_docstring(node) or "").split())
            if node.name.startswith("test_") and not re.fullmatch(r"\S.+\.", text):
                yield f"{module.path}: {name}", "has no docstring of one sentence"
            elif node.name.startswith("test_") and re.search(r"[.!?] [A-Z]", text):
                yield f"{module.path}: {name}", "has more than one sentence"


def _is_ours(module: Module, target: ast.expr) -> bool:
    meaning = target.value if isinstance(target, ast.Constant) else module.meaning(target)
    return str(meaning).split(".")[0] in PACKAGES


def _patches(tree: Tree) -> Faults:
    for module in tree:
        if not module.is_test:
            continue
        if any(meaning.startswith(("unittest.mock", "mock.")) for meaning in module.imports.values()):
            yield module.path, "imports unittest.mock"
        for name, function in functions(module):
            for node in ast.walk(function):
                if not isinstance(node, ast.Call) or module.meaning(node.func) != "monkeypatch.setattr":
                    continue
                if node.args and _is_ours(module, node.args[0]):
                    yield f"{module.path}: {name}", f"replaces our own code in line {node.lineno}"


RULES = (
    Rule(
        "tests wait for conditions and never sleep",
        "A sleep is too long on a fast machine and too short on a slow one; tests.kit.waiting has `until` and `eventually`.",
        _sleeps,
        forbids={"tests/suite/test_a.py": "from time import sleep\ndef f():\n    sleep(1)\n"},
        allows={"tests/suite/test_a.py": "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n",
                "tests/kit/waiting.py": "import time\ntime.sleep(0.01)\n"},
    ),
    Rule(
        "tests make no client for each request",
        "A new client reads every certificate authority, and tests that wait ask often; tests.kit.http_client has one for all.",
        _clients,
        forbids={"tests/a/test_a.py": "import httpx\ndef f():\n    httpx.get('http://a')\n"},
        allows={"tests/a/test_a.py": "from tests.kit.http_client import HTTP\ndef f():\n    HTTP.get('http://a')\n"},
    ),
    Rule(
        "every test has one sentence",
        "The sentence says which behaviour the test shows; without one nobody knows what its failure means.",
        _sentences,
        forbids={"tests/a/test_a.py": "def test_it():\n    assert True\n",
                 "tests/a/test_b.py": 'def test_it():\n    """One thing. And another."""\n'},
        allows={"tests/a/test_a.py": 'def test_it():\n    """A file of another format is refused."""\n'},
    ),
    Rule(
        "tests replace nothing of ours",
        "A patched function tests the patch; use the real thing, or a named fake at a seam (tests/kit).",
        _patches,
        forbids={"tests/a/test_a.py": "import play.a\ndef test_it(monkeypatch):\n    monkeypatch.setattr(play.a, 'b', 1)\n",
                 "tests/a/test_b.py": "from unittest import mock\n",
                 "tests/a/test_c.py": "def test_it(monkeypatch):\n    monkeypatch.setattr('local.ports.a', 1)\n"},
        allows={"tests/a/test_a.py": "def test_it(monkeypatch):\n    monkeypatch.setattr('os.fsync', 1)\n"},
    ),
)  # fmt: skip
