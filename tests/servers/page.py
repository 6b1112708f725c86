"""What docs/servers.md gives to be copied: statements for Postgres, the commands that dump and restore, accounts for NATS."""

import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.house.tree import ROOT
from tests.kit.debian_servers import BINARIES

PAGE = ROOT / "docs" / "servers.md"


class Statements(NamedTuple):
    """The page's SQL, run once by a superuser, and the password of each role that it makes."""

    creation: str
    passwords: Mapping[str, str]

    def url(self, role: str, where: str) -> str:
        """The address of the page's database for a role. `where`: host and port."""
        return f"postgresql://{role}:{self.passwords[role]}@{where}/ringrift"


def statements() -> Statements:
    """As they stand there."""
    [creation] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return Statements(creation, dict(re.findall(r"CREATE ROLE (\w+) LOGIN PASSWORD '([^']+)'", creation)))


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
