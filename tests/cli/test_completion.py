"""`ringrift completion`: the shells themselves complete options by the script that it prints."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.docs.scene import environment

BASH = """eval "$(ringrift completion bash)"
COMP_WORDS=({words} {begun}); COMP_CWORD={count}; _ringrift_completion ringrift; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
FISH = 'ringrift completion fish | source; complete -C "{words} {begun}"'
ZSH = """compdef() {{ : }}; _arguments() {{ print -r -- "$@" }}
eval "$(ringrift completion zsh)"; words=({words} {begun}); CURRENT={count}+1; _ringrift_completion
"""
"""What zsh would show is what the script gives to `_arguments`."""
WORDS, BEGUN, WHOLE = "ringrift ledger restored", "--rea", "--reason"


@pytest.mark.parametrize(("shell", "script"), [("bash", BASH), ("fish", FISH), ("zsh", ZSH)])
def test_a_shell_completes_what_the_command_has(shell: str, script: str) -> None:
    """Inside a verb of a noun, whichever of the three shells is here."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    text = script.format(words=WORDS, begun=BEGUN, count=len(WORDS.split()))
    done = subprocess.run(
        [shell, "-c", text], env=environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert WHOLE in done.stdout.replace('"', " ").split(), f"{shell}: {done.stdout}{done.stderr}"
