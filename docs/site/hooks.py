"""What mkdocs asks of us while it builds the site: the pages that are made from something else. It writes nothing but the site.

The README is the first page; the doors and the events come from the documents that the processes serve.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from docs.site import asyncapi, openapi

ROOT = Path(__file__).resolve().parents[2]
FROM_THE_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages that stand beside docs/, with their names in the site."""
PORTS = {"promotion": 8770, "gauntlet": 8771, "distribution": 8772, "agent": 8780}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    made = {name: moved((ROOT / path).read_text()) for path, name in FROM_THE_ROOT.items()}
    made["asyncapi.md"] = asyncapi.page(json.loads((ROOT / "docs/asyncapi.json").read_text()))
    for process, document in documents().items():
        made[f"api/{process}.md"] = openapi.page(document, process, PORTS[process])
    for name in ("iframe-worker.js", "site.css"):
        made[f"assets/{name}"] = (ROOT / "docs/site" / name).read_text()
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_content(html: str, **_: Any) -> str:
    """Show a pipe in the code of a table as one: GitHub takes its backslash away, and the site's Markdown leaves it."""
    return re.sub(r"<td.*?</td>", lambda cell: cell[0].replace(r"\|", "|"), html, flags=re.DOTALL)


def moved(text: str) -> str:
    """A page of the root, with its links as they are from within docs/."""

    def target(match: re.Match[str]) -> str:
        path, place = match[2], match[3] or ""
        return f"{match[1]}{FROM_THE_ROOT.get(path, path.removeprefix('docs/'))}{place}{match[4]}"

    return re.sub(r"(\]\(|(?:src|srcset|href)=\")([\w./-]+)(#[\w-]+)?(\)|\")", target, text)


def documents() -> dict[str, Any]:
    """The OpenAPI document of each process, made by a process of its own: this one imports no part of the suite."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "tests.kit.documents", folder], cwd=ROOT, check=True)
        return {process: json.loads((Path(folder) / f"{process}.json").read_text()) for process in PORTS}
