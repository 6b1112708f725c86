"""Which formats there are: each module of this package that declares one is found. A file is read by the first that knows it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from play.games.game import Game
from play.models import formats
from play.models.formats import checkpoint
from play.models.formats.format import HEAD_BYTES, Checkpoint, Format


def _found() -> tuple[Format, ...]:
    """Every declared format; the project's own last, which says of any other file what is wrong with it."""
    names = sorted(module.name for module in iter_modules(formats.__path__))
    modules = [import_module(f"{formats.__name__}.{name}") for name in names if name not in ("registry", "format")]
    declared = [module.FORMAT for module in modules if module is not checkpoint]
    return (*declared, checkpoint.FORMAT)


FORMATS = _found()


def load_model(path: Path, game: Game) -> Checkpoint:
    """Read a model made for this game's configuration. CheckpointError says what is wrong with the file."""
    head = _head(path)
    return next(each for each in FORMATS if each.recognises(head)).load(path, game)


def _head(path: Path) -> bytes:
    """The file's first bytes; none where it cannot be read, which its format then says."""
    try:
        with path.open("rb") as stream:
            return stream.read(HEAD_BYTES)
    except OSError:
        return b""
