"""Which formats there are: each module of this package that declares one, and those that other packages announce.

A package announces one in the entry point group `ringrift.formats`; its formats are asked first. A file is read by the first that
knows it.
"""

from __future__ import annotations

import stat
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from play.games.game import Game
from play.models import formats
from play.models.formats.format import HEAD_BYTES, Checkpoint, CheckpointError, Format, reading
from play.models.formats.kinds import advice_on
from play.models.model_file import ModelFile
from play.plugins import plugins

GROUP = "ringrift.formats"


def _found() -> tuple[Format, ...]:
    """Every declared format: other packages', then this one's."""
    names = sorted(module.name for module in iter_modules(formats.__path__))
    modules = [import_module(f"{formats.__name__}.{name}") for name in names if name != "registry"]
    own = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return (*plugins(GROUP, Format), *sorted(own, key=lambda each: each.within is None))


def load_model(file: ModelFile | Path, game: Game) -> Checkpoint:
    """Read a model made for this game's configuration. CheckpointError names the file and says what is wrong with it."""
    told = file if isinstance(file, ModelFile) else ModelFile(path=file)
    with reading(told):
        head = _head(told)
        known = next((each for each in FORMATS if each.recognises(head) and _holds(each, told)), None)
        if known is None:
            raise CheckpointError(advice_on(head))
        return known.load(told, game)


def _holds(known: Format, file: ModelFile) -> bool:
    return known.within is None or known.within(file.path)


def _head(file: ModelFile) -> bytes:
    """The file's first bytes. CheckpointError for what is no file, holds nothing, or is larger than is accepted."""
    about = file.path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise CheckpointError("it is a folder, or no regular file; give one model file")
    if about.st_size > file.most_bytes:
        raise CheckpointError(f"it has {about.st_size} bytes: at most {file.most_bytes} are accepted")
    with file.path.open("rb") as stream:
        return stream.read(HEAD_BYTES)


FORMATS = _found()
