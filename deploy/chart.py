"""Packs the Helm chart, with equal bytes wherever and whenever the same commit is packed. It publishes nothing.

python -m deploy.chart dist
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from helm_python.chart import package

from deploy.wheel import ROOT, copy_files, moment_of

CHART = "deploy/helm/ringrift-suite"


def pack(folder: Path, root: Path = ROOT) -> Path:
    """Pack the chart of a checkout into a folder; returns the archive's path."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        copy_files(root, Path(temporary), CHART)
        moment = int(moment_of(root))
        for path in Path(temporary).rglob("*"):
            os.utime(path, (moment, moment))  # Helm writes when each file was changed
        return Path(str(package(Path(temporary) / CHART, destination=folder)))


if __name__ == "__main__":
    print(pack(Path(sys.argv[1])))
