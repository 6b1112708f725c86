"""Secrets from files, as the command line and the client library read them, and a shell that has them for a suite elsewhere."""

import tempfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from ringrift_client import FrontDoor, MisconfiguredError, Trainings
from typer.testing import CliRunner, Result

from cli.main import app
from tests.kit.http_server import serving
from tests.kit.nats_servers import Server
from tests.kit.up import running_up

ANNOUNCEMENT = ["announce", "--model", "models/a.pth", "--board-type", "hex8", "--num-players", "2", "--timeout", "0"]
PROMOTION = ["promote", "--model", "models/a.pth", "--board-type", "hex8", "--num-players", "2", "--timeout", "0"]


@pytest.fixture
def presented(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The keys that were presented to the suite, which refuses all of them; the environment has its address."""
    keys: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """Both verbs."""

        def do_GET(self) -> None:
            """Refuse."""
            keys.append(self.headers.get("Authorization", ""))
            body = b'{"type": "urn:ringrift:problem:unauthorized", "detail": "no"}'
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            """Refuse."""
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        for service in ("GAUNTLET", "PROMOTION", "DISTRIBUTION"):
            monkeypatch.setenv(f"RINGRIFT_{service}_URL", url)
        yield keys


def run(words: list[str], environment: dict[str, str]) -> Result:
    """The command line."""
    return CliRunner().invoke(app, words, env=environment)


def written(path: Path, secret: str) -> str:
    """The path of a file with a secret."""
    path.write_text(f"  {secret}\n")
    return str(path)


@pytest.mark.parametrize("words", [ANNOUNCEMENT, PROMOTION, ["retention"]], ids=lambda words: words[0])
def test_f41_a_command_presents_the_key_of_a_file(words: list[str], presented: list[str], tmp_path: Path) -> None:
    """Whitespace around it is none of the key, and an option goes before it."""
    environment = {"RINGRIFT_API_KEY_FILE": written(tmp_path / "key", "from a file")}
    assert run(words, environment).exit_code != 0
    assert set(presented) == {"Bearer from a file"}
    presented.clear()
    run([*words, "--api-key", "from an option"], environment)
    assert set(presented) == {"Bearer from an option"}


def test_f41_each_service_gets_its_own_key(
    presented: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is for one service alone goes before what is for all, in a variable or in a file."""
    monkeypatch.setenv("RINGRIFT_GAUNTLET_KEY_FILE", written(tmp_path / "gauntlet", "for the gauntlet"))
    monkeypatch.setenv("RINGRIFT_API_KEY", "for all")
    run(ANNOUNCEMENT, {})
    run(PROMOTION, {})
    assert presented == ["Bearer for the gauntlet", "Bearer for all"]


def test_f41_two_keys_for_one_door_are_refused(
    presented: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client says so in words, without either of them, and asks nobody."""
    monkeypatch.setenv("RINGRIFT_API_KEY_FILE", written(tmp_path / "key", "one secret"))
    monkeypatch.setenv("RINGRIFT_API_KEY", "another secret")
    for door in (FrontDoor, Trainings):
        with pytest.raises(MisconfiguredError, match="RINGRIFT_API_KEY and RINGRIFT_API_KEY_FILE are both given"):
            door.from_environment()
    told = run(PROMOTION, {})
    assert (told.exit_code, "are both given" in told.output, "secret" in told.output) == (2, True, False)
    assert presented == []


@pytest.mark.parametrize("secret", ["URL", "PASSWORD"])
def test_f41_an_announcement_over_nats_logs_in_with_a_file(secret: str, tmp_path: Path, presented: list[str]) -> None:
    """The bus's password, or its whole address with the login, is in a file."""
    with Server(tmp_path / "nats", authorization={"user": "me", "password": "word"}) as server:
        environment = {
            "URL": {"RINGRIFT_NATS_URL_FILE": written(tmp_path / "url", f"nats://me:word@{server.place}")},
            "PASSWORD": {
                "RINGRIFT_NATS_URL": f"nats://{server.place}",
                "RINGRIFT_NATS_USER": "me",
                "RINGRIFT_NATS_PASSWORD_FILE": written(tmp_path / "word", "word"),
            },
        }[secret]
        told = run([*ANNOUNCEMENT, "--over", "nats"], environment)
    assert "it is on the bus" in told.output, told.output


def test_f41_a_shell_that_has_another_suites_secrets_does_not_disturb_up(tmp_path: Path) -> None:
    """`ringrift up` has servers of its own, whatever database and bus the shell names for a suite elsewhere."""
    settings = {
        "DATABASE_URL_FILE": written(tmp_path / "url", "postgresql://u:p@192.0.2.1/db"),
        "NATS_URL_FILE": written(tmp_path / "nats", "nats://192.0.2.1"),
        "NATS_TOKEN": "token",
        "NATS_CA": str(tmp_path / "no-such-file"),
        "ORDER_KEY_FILE": written(tmp_path / "order", "00" * 32),
        "GAUNTLET_GAMES": "4",
    }
    with tempfile.TemporaryDirectory(prefix="ringrift-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        with running_up("--data", Path(name) / "data", folder=Path(name), settings=settings) as up:
            up.wait()
            assert up.is_healthy()
            [unused] = [line for line in up.said.splitlines() if line.startswith("Not used, because")]
            for name in ("DATABASE_URL_FILE", "NATS_URL_FILE", "NATS_TOKEN", "NATS_CA"):
                assert f"RINGRIFT_{name}" in unused
            assert "GAUNTLET_GAMES" not in unused
