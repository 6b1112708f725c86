"""The source tree as the rules see it: Python files by path, parsed once. It judges nothing."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("gauntlet", "promotion", "distribution")
PACKAGES = ("app", "cli", "local", "play", "ringrift_client", "services", "shared")


@dataclass(frozen=True)
class Module:
    """A Python file: its path from the root, with slashes, and its text."""

    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.source, self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """Its path's parts, the last without `.py`."""
        return tuple(self.path.removesuffix(".py").split("/"))

    @property
    def is_test(self) -> bool:
        """Whether it is one of the tests or a helper of theirs."""
        return self.parts[0] == "tests"

    @property
    def is_migration(self) -> bool:
        """Whether it is a revision of a database, which never changes."""
        return "migrations" in self.parts or "revisions" in self.parts

    @property
    def service(self) -> str | None:
        """The service that it belongs to."""
        return self.parts[1] if self.parts[0] == "services" and len(self.parts) > 2 else None

    @property
    def room(self) -> str | None:
        """Which room of its service or agent it is in: `api` for both `api.py` and `api/nodes.py`."""
        if self.service is None:
            return None
        inside = self.parts[3:] if self.parts[2] == "agent" and len(self.parts) > 3 else self.parts[2:]
        return inside[0]

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Every node of these kinds."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    @cached_property
    def imports(self) -> Mapping[str, str]:
        """What each imported name stands for: `{"select": "sqlalchemy.select", "np": "numpy"}`."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {each.asname or each.name.split(".")[0]: each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        return found

    def meaning(self, node: ast.AST) -> str:
        """The dotted name that an expression spells, with imported names spelled out; empty if it spells none."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            base = self.meaning(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""


class Tree:
    """Modules by path."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = tuple(modules)
        self.paths = frozenset(module.path for module in self.modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Tree:
        """A tree of texts, for trying a rule."""
        return cls(Module(path, source) for path, source in files.items())


@cache
def the_house() -> Tree:
    """Every Python file of this repository that git knows or would take."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    present = [path for path in sorted(set(listed)) if (ROOT / path).is_file()]
    return Tree(Module(path, (ROOT / path).read_text()) for path in present)


def functions(module: Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method, with its name in the module: `Inbox.take`."""

    def inside(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + child.name, child
                yield from inside(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.ClassDef):
                yield from inside(child, f"{prefix}{child.name}.")
            else:
                yield from inside(child, prefix)

    return inside(module.tree, "")
