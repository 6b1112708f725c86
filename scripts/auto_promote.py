"""The runbook's script: `python scripts/auto_promote.py --help`. The same as `ringrift promote`."""

import sys
from pathlib import Path

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cli.promote import promote  # found through the line above, wherever the script is started

if __name__ == "__main__":
    typer.run(promote)
