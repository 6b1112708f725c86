"""A worker that only opens models: `python -m tests.kit.confined_worker FOLDER`, with files as tests.kit.back_door writes them.

Each file is called by the id of this process. In a line of JSON it says its level, and what each file says or why it is refused;
then it waits until its standard input ends.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from play.models.confined.facts import GameFacts
from play.models.confined.host import ModelHost
from play.models.confined.model import ConfinedModel
from play.models.formats.format import CheckpointError
from play.models.model_file import ModelFile
from tests.kit.back_door import installed

FACTS = GameFacts("hex8", 2, "canonical", "ringrift 1", 8424, (31, 9, 9), 600)


def main(folder: Path) -> None:
    """Open every file there."""
    with installed(folder), ModelHost() as host:
        said: dict[str, object] = {}
        opened: list[ConfinedModel] = []
        for path in sorted(folder.glob("*.pth")):
            try:
                opened.append(host.open(ModelFile(path=path, name=str(os.getpid())), FACTS, seconds=60))
                said[path.name] = {"pid": opened[-1].pid, "notes": opened[-1].metadata.notes}
            except CheckpointError as error:
                said[path.name] = str(error)
        print(json.dumps({"level": host.level.model_dump(), "name": host.level.name, "models": said}), flush=True)
        sys.stdin.read()
        for each in opened:
            each.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
