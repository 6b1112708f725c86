"""Rules of form: what a module says of itself, and how long things may be."""

from __future__ import annotations

import ast

from tests.house.rule import Faults, Rule
from tests.house.tree import Tree, functions

FUNCTION_LINES = 60
FILE_LINES = 300


def _docstrings(tree: Tree) -> Faults:
    for module in tree:
        words = (ast.get_docstring(module.tree) or "").split()
        if module.tree.body and len(words) < 4:
            yield module.path, "has no docstring that says what it is for"


def _long_functions(tree: Tree) -> Faults:
    for module in tree:
        for name, node in [] if module.is_migration else functions(module):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{module.path}: {name}", f"has {lines} lines"


def _long_files(tree: Tree) -> Faults:
    for module in tree:
        lines = len(module.source.splitlines())
        if lines > FILE_LINES and not module.is_migration:
            yield module.path, f"has {lines} lines"


RULES = (
    Rule(
        "a module says what it is for",
        "Whoever opens a file learns first what belongs into it, and what it must not do.",
        _docstrings,
        forbids={"shared/storage/files.py": '"""Files."""\nX = 1\n'},
        allows={"shared/storage/files.py": '"""Writes files so that a crash leaves the old one."""\n', "play/__init__.py": ""},
    ),
    Rule(
        f"no function over {FUNCTION_LINES} lines",
        "A function that does not fit on a screen does more than one thing; near 10 lines is usual.",
        _long_functions,
        forbids={"play/a.py": "class A:\n    def long(self):\n" + "        x = 1\n" * FUNCTION_LINES},
        allows={"play/a.py": "def fits():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)},
    ),
    Rule(
        f"no file over {FILE_LINES} lines",
        "Near 100 lines is usual; what is longer holds two things that deserve two names.",
        _long_files,
        forbids={"play/a.py": "x = 1\n" * (FILE_LINES + 1)},
        allows={"play/a.py": "x = 1\n" * FILE_LINES, "services/a/migrations/versions/b.py": "x = 1\n" * 400},
    ),
)  # fmt: skip
