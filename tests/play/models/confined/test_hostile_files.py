"""The hostile corpus in confined processes: refused in the same words as ever, and nobody is the worse for it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from play.games.registry import get_game
from play.models.confined.host import ModelHost
from play.models.formats.format import CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from tests.kit.evaluations import all_of
from tests.kit.foreign_models import ARCHITECTURE, PARAMETERS
from tests.kit.hostile_models import CORPUS
from tests.kit.jobs import tiny_checkpoint

GAME = get_game("hex8", 2)


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_a_hostile_file_is_refused_in_the_same_words(name: str, host: ModelHost, tmp_path: Path) -> None:
    """No mark, no other file, and the host opens the next."""
    folder, mark = tmp_path / "models", tmp_path / "mark"
    folder.mkdir()
    CORPUS[name](folder / "hostile.pth", mark)
    file = ModelFile(
        path=folder / "hostile.pth", name="models/hostile.pth", architecture=ARCHITECTURE, parameters=PARAMETERS
    )  # fmt: skip
    with pytest.raises(CheckpointError) as confined:
        host.open(file, GAME, seconds=60)
    assert list(tmp_path.iterdir()) == [folder]
    assert list(folder.iterdir()) == [folder / "hostile.pth"]
    with pytest.raises(CheckpointError) as here:
        load_model(file, GAME)
    assert confined.type is here.type
    assert words(confined.value) == words(here.value)


def words(error: Exception) -> str:
    """The text; which of two tensors that overlap is named is chance, in the library that reads them."""
    return re.sub(r"\b[ab]\b", "one", str(error))


def test_the_host_has_taken_no_harm(host: ModelHost, tmp_path: Path) -> None:
    """After all of them an honest model is opened and answers."""
    with host.open(tiny_checkpoint(tmp_path / "a.pth"), GAME, seconds=30) as model:
        assert all_of(model, np.zeros((4, *GAME.observation_shape), np.float32)).usable.all()
