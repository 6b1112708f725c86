"""What docs/servers.md gives to be copied: statements for Postgres, the commands that dump and restore, accounts for NATS."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.house.tree import ROOT
from tests.kit.debian_servers import BINARIES

PAGE = ROOT / "docs" / "servers.md"


class Statements(NamedTuple):
    """The page's SQL: `creation` and `grants`, each run once by a superuser, with the passwords of the two roles that they make."""

    creation: str
    grants: str
    owner: str
    services: str


def statements() -> Statements:
    """As they stand there."""
    creation, grants = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    owner, services = re.findall("PASSWORD '([^']+)'", creation + grants)
    return Statements(creation, grants, owner, services)


def each_of(sql: str) -> list[str]:
    """The single statements: CREATE DATABASE stands in no transaction with others."""
    return [statement.strip() for statement in sql.split(";") if statement.strip()]


def accounts(password: str) -> str:
    """The sample of a NATS server's file, with this password for both users."""
    [sample] = re.findall(r"```\n(accounts .*?)```", PAGE.read_text(), re.DOTALL)
    return str(sample).replace('"..."', f'"{password}"')


def command(program: str, url: str, folder: Path) -> None:
    """Run the page's one command of Debian's `pg_dump` or `pg_restore` for the database at `url`, in a folder."""
    [line] = re.findall(rf"^    ({program} .*)$", PAGE.read_text(), re.MULTILINE)
    words = [re.sub(r"postgresql://[^']*", url, word) for word in shlex.split(line)]
    assert url in " ".join(words), f"{program} names no database"
    done = subprocess.run([BINARIES / words[0], *words[1:]], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
