"""`ringrift demo`: the whole loop on this machine, from announcement to delivery, with real servers and real models."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from ringrift_client import Trainings

from cli.commands.announce import SOURCE, content
from cli.engine import warm_engine
from cli.output import Output
from cli.report import milestones, progress, summary
from cli.watch import Story, Watch
from local.process import StartFailed
from local.suite import Addresses, Suite
from shared.contract.events.trainer import TrainingCompleted
from shared.process.settings import PREFIX
from shared.storage.files import digest_of

MODELS = Path(__file__).resolve().parents[1] / "demo_models"
CONFIGURATION = "hex8_2p"
ROUNDS = (("trained", "untrained"), ("successor",))
LIMIT_SECONDS = 600


def demo(
    data: Annotated[Path | None, typer.Option(help="Folder to work in and keep; a temporary one if not given")] = None,
) -> None:
    """Announce three demo models for hex8 with 2 players and follow them: played, judged, promoted, delivered."""
    started, output = time.monotonic(), Output()
    if ignored := [name for name in os.environ if name.startswith(PREFIX)]:
        output.say(f"The demo goes by no settings; not used: {', '.join(ignored)}", "yellow")
    with tempfile.TemporaryDirectory(prefix="ringrift-demo-", ignore_cleanup_errors=True) as temporary:
        Path(temporary).chmod(0o711)
        suite = Suite((data or Path(temporary)).resolve(), Addresses.free())
        try:
            warm_engine()
            with suite.running(lambda text: output.say(f"{text} ...", "dim"), lambda text: output.say(text, "yellow")):
                stories = _run(suite, output)
        except StartFailed as error:
            output.fail(str(error))
            raise typer.Exit(1) from None
    output.say(f"Finished in {time.monotonic() - started:.0f} s.")
    if not _as_expected(stories):
        output.fail("The demo did not end as it should; the table says where.")
        raise typer.Exit(1)


def _run(suite: Suite, output: Output) -> list[Story]:
    watch = Watch({name: suite.addresses.url(name) for name in suite.addresses.services})
    output.say(f"Watch along: {suite.addresses.url('promotion')}/status and {suite.addresses.url('promotion')}/docs")
    stories: list[Story] = []
    said: dict[str, int] = {}
    for names in ROUNDS:
        for name in names:
            stories.append(_announce(suite, name, output))
        _follow(suite, watch, stories, said, output)
    output.show(summary(stories, watch.availability(CONFIGURATION), list(suite.addresses.nodes)))
    return stories


def _announce(suite: Suite, name: str, output: Output) -> Story:
    file = MODELS / f"{CONFIGURATION}_{name}.pth"
    shutil.copy(file, suite.models)
    data = TrainingCompleted(
        board_type="hex8", num_players=2, model_path=f"models/{file.name}", trained_by="ringrift demo"
    )
    with Trainings(suite.addresses.url("gauntlet")) as trainings:
        trainings.announce(content(data), SOURCE)
    output.say(f"announced {name} ({file.name}) with one TRAINING_COMPLETED event")
    return Story(name, digest_of(file))


def _follow(suite: Suite, watch: Watch, stories: list[Story], said: dict[str, int], output: Output) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    with Live(console=output.console, refresh_per_second=4) as live:
        while not all(story.is_over for story in stories) and time.monotonic() < deadline:
            suite.tend()
            watch.update(stories, CONFIGURATION)
            for story in stories:
                _say_progress(story, said, output)
            live.update(progress(stories, watch.nodes))
            time.sleep(0.25)


def _say_progress(story: Story, said: dict[str, int], output: Output) -> None:
    """One line for each milestone, so that a log without a live display tells the story too."""
    lines = milestones(story)
    for line in lines[said.get(story.name, 0) :]:
        output.say(f"{story.name}: {line}")
    said[story.name] = len(lines)


def _as_expected(stories: list[Story]) -> bool:
    trained, untrained, successor = stories
    first = trained.promoted is not None and trained.promoted.version == 1 and trained.delivered is not None
    return first and untrained.promoted is None and untrained.refused is not None and successor.is_over


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("demo")(demo)
