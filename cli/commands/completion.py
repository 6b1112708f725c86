"""`ringrift completion`: the script that makes a shell complete the command's verbs and options."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from typer._completion_shared import get_completion_script

from cli.output import Output

Shell = Literal["bash", "zsh", "fish"]


def completion(shell: Annotated[Shell, typer.Argument(help="For which shell")]) -> None:
    """Print the script for a shell. Example, for ~/.bashrc: eval "$(ringrift completion bash)\""""
    Output().program(get_completion_script(prog_name="ringrift", complete_var="_RINGRIFT_COMPLETE", shell=shell))


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("completion")(completion)
