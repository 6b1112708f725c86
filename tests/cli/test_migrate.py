"""`ringrift migrate`: where it takes the address from, and what it says when it cannot."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

VARIABLE = "RINGRIFT_DATABASE_URL"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address but the one that a test gives."""
    for name in (VARIABLE, f"{VARIABLE}_FILE"):
        monkeypatch.delenv(name, raising=False)


def migrate(environment: dict[str, str], *options: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["migrate", "--wait", "0", *options], env=environment)


def test_f41_the_address_comes_from_a_file(database_url: str, tmp_path: Path) -> None:
    """As the services read it."""
    (tmp_path / "url").write_text(f"{database_url}\n")
    done = migrate({f"{VARIABLE}_FILE": str(tmp_path / "url")})
    assert (done.exit_code, "up to date" in done.output) == (0, True), done.output


def test_f41_a_password_apart_from_its_address(database_url: str, tmp_path: Path) -> None:
    """From a file of its own, as containers get it."""
    user, _, place = database_url.partition("://")[2].partition("@")
    name, _, password = user.partition(":")
    (tmp_path / "word").write_text(unquote(password) or "any")
    done = migrate(
        {VARIABLE: f"postgresql://{name}@{place}", "RINGRIFT_DATABASE_PASSWORD_FILE": str(tmp_path / "word")}
    )
    assert (done.exit_code, "up to date" in done.output) == (0, True), done.output


def test_f45_an_address_that_cannot_be_read_is_refused() -> None:
    """At once, in words, without the password."""
    done = migrate({VARIABLE: "postgresql://u:secret@host/db?sslmod=require"})
    assert done.exit_code == 1
    assert "RINGRIFT_DATABASE_URL: the parameter sslmod is not known here" in done.output
    assert "secret" not in done.output


def test_f45_no_address_is_told() -> None:
    """With an example of one."""
    done = migrate({})
    assert (done.exit_code, "must begin with postgresql://" in done.output) == (1, True), done.output


@pytest.mark.parametrize(
    ("replaced", "by", "said"),
    [("127.0.0.1", "nowhere.invalid", "cannot be reached"), ("/test_", "/lacking_", "no database of the name")],
)
def test_f36_a_database_that_is_away_is_told(database_url: str, replaced: str, by: str, said: str) -> None:
    """After the time to wait: the reason, and no traceback."""
    done = migrate({}, "--database-url", database_url.replace(replaced, by))
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output
