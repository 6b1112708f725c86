"""Folders of any name: what is written into other programs' formats is escaped in their way."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from local.nats import Nats, binary
from local.nats_configuration import string
from local.postgres import Postgres
from local.postgres_data import LONGEST_PATH
from local.process import CannotStart
from local.running import run
from tests.kit.up import running_up
from tests.kit.waiting import until

AWKWARD = [
    "ü",
    "a b",
    'it\'s "so"',
    "$HOME",
    "#1",
    "100%",
    "a\nb",
    "a\\u00fcb",
    "-n",
    "{a}:[b]",
    "日本",
    "\x01\x7f",
    "é\udc80",
]
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda name: name not in (".", "..") and len(os.fsencode(name)) <= 200
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=100))
@settings(max_examples=60, deadline=None)
def test_f40_any_text_is_a_value_for_nats(text: str) -> None:
    """Whatever a value consists of, the server's own check of its configuration passes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "nats.conf"
        file.write_text(f"authorization {{ user: {string(text)}, password: {string(text + 'x')} }}\n")
        run([str(binary()), "-t", "-c", str(file)], {})


@pytest.mark.parametrize("name", AWKWARD)
def test_f40_nats_keeps_its_streams_in_exactly_this_folder(tmp_path: Path, name: str) -> None:
    """The server starts in a folder of any name, and makes its store there and nowhere else."""
    with Nats(tmp_path / name, durable=False) as server:
        assert (server.folder / "jetstream").is_dir()
    assert os.listdir(os.fsencode(tmp_path)) == [os.fsencode(name)]


@given(name=names)
@example(name="ü")
@settings(max_examples=15, deadline=None)
def test_f40_nats_in_folders_of_random_names(name: str) -> None:
    """The same for names that nobody thought of."""
    with tempfile.TemporaryDirectory() as folder, Nats(Path(folder) / name, durable=False) as server:
        assert (server.folder / "jetstream").is_dir()


def test_f40_postgres_in_a_folder_of_an_awkward_name(open_folder: Path) -> None:
    """It is made, found ready, stopped and served again, whatever its name."""
    folder = open_folder / 'ü it\'s "$HOME" #1 100% \\x\ny'
    folder.mkdir(mode=0o711)
    for _ in range(2):
        with Postgres(folder / "postgres", durable=False) as server:
            assert server.execute("SHOW data_directory") == str(server.data)


def test_f40_the_suite_in_a_folder_of_an_awkward_name(open_folder: Path) -> None:
    """The whole suite comes up in it, named as an option's value, and everything that it keeps is in it."""
    name = '-ü it\'s "$HOME" #1 100% [red]\\x\ny'
    with running_up(f"--data={name}", folder=open_folder, settings={"GAUNTLET_GAMES": "2"}) as up:
        up.wait()
        until(up.is_healthy, 60, lambda: up.said)
        assert str(open_folder / name / "models") in up.said
    assert {"models", "logs", "nats", "nodes", "ports.json", "postgres"} <= set(os.listdir(open_folder / name))
    assert set(os.listdir(open_folder)) == {name, "up.txt"}


def test_f40_postgres_in_the_longest_path_that_it_is_given(open_folder: Path) -> None:
    """A path as long as is taken works."""
    folder = open_folder
    while (short := LONGEST_PATH - len(os.fsencode(folder / "postgres" / "data")) - 1) > 0:
        folder = folder / ("x" * min(short, 200))
        folder.mkdir(mode=0o711)
    with Postgres(folder / "postgres", durable=False) as server:
        assert server.execute("SELECT 1") == "1"


def test_f40_a_path_that_postgres_would_cut_is_refused_in_words(open_folder: Path) -> None:
    """Postgres cuts long names without a word; here they are refused, with the length that it takes."""
    folder = open_folder
    while len(os.fsencode(folder)) <= LONGEST_PATH:
        folder = folder / ("x" * 100)
        folder.mkdir(mode=0o711)
    with pytest.raises(CannotStart, match=f"Postgres takes {LONGEST_PATH}"):
        Postgres(folder / "postgres", durable=False).start()
