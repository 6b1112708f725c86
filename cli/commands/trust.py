"""`ringrift trust init`, `rotate` and `show`: the keys and roots of the signed pointer, which nodes verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import AsJson, Output

if TYPE_CHECKING:
    from shared.storage.pointer_keys import PointerKeys

NEEDED = "the signed pointer needs the extra trust: pip install 'ringrift-suite[trust]'"
Folder = Annotated[Path, typer.Argument(help="Of the keys and roots; the promotion service reads it")]
Days = Annotated[float, typer.Option(min=1, max=3660, help="For so long the root is good; make another one before")]
OfflineKey = Annotated[
    Path | None, typer.Option(help="The root's private key, if it is not in FOLDER/offline any more")
]
trust = typer.Typer(
    help="Make the keys of the signed pointer, by which nodes know what is canonical.", no_args_is_help=True
)


@trust.command("init")
def init(folder: Folder, days: Days = 365, as_json: AsJson = False) -> None:
    """Make the root's key, the promotion service's key, and the first root.

    Exit code: 0 done, 2 error. Example: ringrift trust init /etc/ringrift/pointer
    """
    output = Output(as_json=as_json)
    with _keys(folder, output) as keys:
        root = keys.begin(days)
    offline = folder / "offline" / "root.pem"
    output.say(f"RINGRIFT_POINTER_DIR={folder}  of the promotion service, which needs the root and online.pem")
    output.say(f"RINGRIFT_POINTER_ROOT={root}  of every agent, each with a copy of its own")
    output.say(f"{offline}  is needed for `ringrift trust rotate` alone: keep it on no machine of the suite")
    output.result({"root": str(root), "offline_key": str(offline)})


@trust.command("rotate")
def rotate(folder: Folder, offline_key: OfflineKey = None, days: Days = 365, as_json: AsJson = False) -> None:
    """Give the promotion service another key, and make the root that names it; nodes follow by themselves.

    Exit code: 0 done, 2 error. Example: ringrift trust rotate /etc/ringrift/pointer --offline-key /media/usb/root.pem
    """
    output = Output(as_json=as_json)
    with _keys(folder, output) as keys:
        root = keys.rotate(days, offline_key)
    output.say(f"{root} names the new online.pem; the promotion service signs with it from its next signing on")
    output.result({"root": str(root)})


@trust.command("show")
def show(folder: Folder, as_json: AsJson = False) -> None:
    """The newest root: until when it is good, and whose keys it names. Exit code: 0 done, 2 error.

    Example: ringrift trust show /etc/ringrift/pointer
    """
    output = Output(as_json=as_json)
    with _keys(folder, output) as keys:
        root = keys.newest_root()
    output.say(f"root {root.version}, good until {root.expires.isoformat()}")
    named = {name: sorted(role.keyids) for name, role in sorted(root.roles.items())}
    output.table(("role", "key"), [(name, ", ".join(each)) for name, each in named.items()])
    output.result({"version": root.version, "expires": root.expires.isoformat(), "keys": named})


@contextmanager
def _keys(folder: Path, output: Output) -> Iterator[PointerKeys]:
    """The folder; what is wrong with it is said, with exit code 2."""
    if find_spec("tuf") is None:
        output.fail(NEEDED)
        raise typer.Exit(2)
    from shared.storage.pointer_keys import PointerKeys, PointerKeysError

    try:
        yield PointerKeys(folder)
    except (PointerKeysError, OSError) as error:
        output.fail(f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error))
        raise typer.Exit(2) from None


def register(root: typer.Typer) -> None:
    """Make it a sub-command of `ringrift`."""
    root.add_typer(trust, name="trust")
