"""The runbook's script: `python scripts/auto_promote.py --help`. The same as `ringrift promote`."""

import sys
from pathlib import Path

import typer

_PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_PROJECT), str(_PROJECT / "client")]

from cli.commands.promote import promote  # noqa: E402 - found through the lines above, wherever the script is started

if __name__ == "__main__":
    typer.run(promote)
