"""What some extras of pyproject.toml need, one requirement a line: packages are installed before there are any sources.

`python docker/requirements.py promotion s3`
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PLACES = (Path(__file__).parent, Path(__file__).parents[1])
"""Of pyproject.toml: beside this file when an image is built, above it in the repository."""


def requirements(extras: list[str]) -> list[str]:
    """Those of the base, and of each extra; KeyError for one that there is not."""
    path = next(place / "pyproject.toml" for place in PLACES if (place / "pyproject.toml").exists())
    project = tomllib.loads(path.read_text())["project"]
    needed = [*project["dependencies"], *(each for name in extras for each in project["optional-dependencies"][name])]
    return sorted({each.replace(" ", "").partition(";")[0] for each in needed})


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
