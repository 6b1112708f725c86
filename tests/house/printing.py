"""Rules of what commands print: through one door, which lets nothing steer a terminal."""

from __future__ import annotations

import ast

from tests.house.rule import Faults, Rule
from tests.house.tree import Tree

DOOR = "cli/output.py"
PRINTERS = (
    "print", "typer.echo", "typer.secho", "click.echo", "click.secho", "rich.print", "rich.print_json", "rich.get_console",
    "rich.console.Console", "sys.stdout.write", "sys.stderr.write",
)  # fmt: skip
DISPLAYS = ("rich.live.Live", "rich.progress.Progress", "rich.status.Status")
"""Which print on a console of their own, unless they are given one."""


def _printing(tree: Tree) -> Faults:
    for module in tree:
        if module.parts[0] != "cli" or module.path == DOOR:
            continue
        for call in module.nodes(ast.Call):
            assert isinstance(call, ast.Call)
            meant = module.meaning(call.func)
            if meant in PRINTERS:
                yield f"{module.path}:{call.lineno}", f"prints by {meant}"
            elif meant in DISPLAYS and "console" not in {each.arg for each in call.keywords}:
                yield f"{module.path}:{call.lineno}", f"shows {meant} on a console of its own"


RULES = (
    Rule(
        "commands print through cli/output.py",
        "What others wrote (paths, reasons, names of nodes) would steer the terminal of whoever looks; Output spells it out.",
        _printing,
        forbids={
            "cli/commands/a.py": "import typer\ntyper.echo('x')\n",
            "cli/commands/b.py": "from rich.console import Console\nconsole = Console()\n",
            "cli/commands/c.py": "from rich.live import Live\nwith Live() as live: ...\n",
            "cli/d.py": "print('x')\n",
        },
        allows={
            DOOR: "import typer\ntyper.echo('x')\n",
            "cli/commands/a.py": "from rich.live import Live\nwith Live(console=output.console) as live: ...\n",
            "local/a.py": "print('x')\n",
        },
    ),
)  # fmt: skip
