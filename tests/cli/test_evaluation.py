"""`ringrift evaluation` and `ringrift replay` against a real gauntlet service that plays: what people and programs are told."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from local.ports import free_port
from play.games.drawing import WIDTH
from services.gauntlet.app import create_app
from services.gauntlet.settings import GauntletSettings
from shared.contract.policy import GatePolicy
from shared.service.migrations import migrate
from tests.gauntlet.neighbours import PolicyGiver
from tests.gauntlet.test_earlier_databases import run
from tests.kit.http_client import HTTP
from tests.kit.http_server import serving_app
from tests.kit.jobs import breaking_checkpoint
from tests.kit.servers import Migrate
from tests.kit.waiting import until

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo" / "hex8_2p_trained.pth"
ESCAPES = """update gauntlet.crashes set dossier = jsonb_set(dossier, '{stderr}', '"\\u001b[31mfatal"')"""
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="session")
def database_template(make_template: Callable[[str, Migrate], str]) -> str:
    """Every test's database has the gauntlet service's schema."""
    return make_template("gauntlet", lambda url: migrate(url, ("gauntlet",)))


@dataclass
class Terminal:
    """What an operator types, at a gauntlet service's address."""

    url: str

    def types(self, *words: str, typed: str = "") -> Result:
        """What comes of a command line."""
        return CliRunner().invoke(app, [*words, "--gauntlet", self.url], input=typed)

    def reads(self, *words: str) -> Any:
        """What a successful command tells programs."""
        done = self.types(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def asks(self, games: int, model: str = "demo.pth") -> str:
        """Have a model evaluated; returns the evaluation's id."""
        body = {"board_type": "hex8", "num_players": 2, "model_path": f"models/{model}", "games": games}
        return str(HTTP.post(f"{self.url}/v1/evaluations", json=body).raise_for_status().json()["id"])


@pytest.fixture
def terminal(database_url: str, nats_url: str, tmp_path: Path) -> Iterator[Terminal]:
    """At a running gauntlet service that has the demo model."""
    (tmp_path / "models").mkdir()
    shutil.copy(DEMO, tmp_path / "models" / "demo.pth")
    port = free_port()
    with PolicyGiver(GatePolicy(games=8)).serving() as promotion:
        settings = GauntletSettings(
            database_url=database_url, nats_url=nats_url, artifacts_dir=tmp_path / "artifacts", models_dir=tmp_path / "models",
            promotion_url=promotion.url, gauntlet_lease_seconds=2, feed_seconds=0.2,
        )  # fmt: skip
        with serving_app(create_app(settings), port, settings):
            yield Terminal(f"http://127.0.0.1:{port}")


def test_an_evaluation_is_seen_to_its_end(terminal: Terminal, tmp_path: Path) -> None:
    """It is followed until it completes; then it is listed and shown, its games are written into a file, and one is replayed."""
    known = terminal.asks(games=8)
    followed = terminal.types("evaluation", "watch", known)
    assert followed.exit_code == 0, followed.output
    *_, standing, end = followed.stdout.splitlines()
    assert standing.startswith("completed   random 8/8 100% (85%)   heuristic ")
    assert end.startswith("the games are over; gates: ")
    assert terminal.reads("evaluation", "watch", known)["state"] == "completed"

    assert known in terminal.types("evaluation", "ls", "--configuration", "hex8_2p", "--state", "completed").stdout
    assert [each["id"] for each in terminal.reads("evaluation", "ls")["items"]] == [known]
    assert terminal.types("evaluation", "ls", "--before", known).stdout == "no evaluations\n"
    shown = terminal.types("evaluation", "show", known).stdout
    assert "models/demo.pth" in shown
    assert "heuristic" in shown
    detail = terminal.reads("evaluation", "show", known)
    played = {each["opponent"]: each["games"] for each in detail["opponents"]}

    file = tmp_path / "games.jsonl"
    total = sum(played.values())
    assert terminal.reads("evaluation", "games", known, "--out", str(file)) == {"games": total, "path": str(file)}
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(each["opponent"], each["index"]) for each in lines] == [
        (name, i) for name, games in played.items() for i in range(games)
    ]
    assert {each["evaluation_id"] for each in lines} == {known}
    listed = terminal.reads("evaluation", "games", known, "--opponent", "random")["items"]
    assert [each["moves"] for each in listed] == [each["moves"] for each in lines[:8]]
    assert terminal.types("evaluation", "games", known, "--limit", "3").stdout.count("\n") == 4

    there = terminal.types("replay", known, "--opponent", "heuristic", "--game", "1")
    here = CliRunner().invoke(app, ["replay", "--file", str(file), "--opponent", "heuristic", "--game", "1"])
    assert (there.exit_code, here.exit_code) == (0, 0)
    assert (
        there.stdout
        == here.stdout
        == terminal.types("evaluation", "replay", known, "--opponent", "heuristic", "--game", "1").stdout
    )
    decisions = next(each["decisions"] for each in lines if (each["opponent"], each["index"]) == ("heuristic", 1))
    assert there.stdout.count("territory (of 31)") == decisions + 1
    boards = [line for line in there.stdout.splitlines() if "  seat " not in line]
    assert max(map(len, boards)) <= WIDTH
    replayed = terminal.reads("replay", known, "--moves", "--game", "2")
    assert len(replayed["moves"]) == replayed["game"]["decisions"]

    ended = terminal.types("evaluation", "cancel", known)
    assert (ended.exit_code, "409: the evaluation has already ended: it is completed" in ended.stderr) == (2, True)
    none = terminal.types("replay", known, "--game", "99", "--opponent", "random")
    assert none.exit_code == 2
    assert "there is no game 99 against random: there are 0 to 7 against random" in none.stderr


def test_an_evaluation_is_cancelled(terminal: Terminal) -> None:
    """It fails, whoever follows it is told so with exit code 1, and who did it and why is said for the audit."""
    known = terminal.asks(games=10_000)
    until(lambda: "random" in terminal.types("evaluation", "games", known).stdout, 60)
    # the service logs to the same standard output, from its own thread
    said = terminal.types("evaluation", "cancel", known, "--reason", "mistaken").stdout
    assert f"cancelled: {known}, hex8_2p\n" in said
    followed = terminal.types("evaluation", "watch", known)
    assert followed.exit_code == 1
    assert "failed" in followed.stdout
    assert terminal.reads("evaluation", "show", known)["failure_code"] == "cancelled"
    [acted] = HTTP.get(f"{terminal.url}/v1/events?type=GAUNTLET_ACTED").raise_for_status().json()["items"]
    about = acted["data"]
    assert (about["action"], about["reason"], about["about"]) == ("cancel", "mistaken", {"evaluation_id": known})
    assert (about["actor"], about["address"]) == ("anyone on this machine", "127.0.0.1")


def test_a_crash_is_seen_and_reproduced(terminal: Terminal, tmp_path: Path, database_url: str) -> None:
    """Listed, shown whole, and played again to the same move: with the file at hand, and with the service's; not with another."""
    model = breaking_checkpoint(tmp_path / "models" / "breaking.pth")
    known = terminal.asks(games=8, model="breaking.pth")
    assert terminal.types("evaluation", "watch", known).exit_code == 0
    assert "game_errored" in terminal.types("evaluation", "crashes", known).stdout
    crash = terminal.reads("evaluation", "crashes", known, "--number", "1")
    whole = terminal.types("evaluation", "crashes", known, "--number", "1").stdout
    assert crash["notation"] in whole
    for given in (["--model", str(model)], []):
        again = terminal.reads("evaluation", "reproduce", known, "1", *given)
        assert (again["reproduced"], again["same_moves"], again["decisions"]) == (True, True, crash["decisions"])
        assert again["trouble"] == crash["reason"]
    assert "reproduced, after" in terminal.types("evaluation", "reproduce", known, "1").stdout
    other = terminal.types("evaluation", "reproduce", known, "1", "--model", str(DEMO))
    assert (other.exit_code, "and the evaluation is of" in other.stderr) == (2, True)
    none = terminal.types("evaluation", "reproduce", known, "99")
    assert (none.exit_code, f"evaluation {known} has no crash 99: it has " in none.stderr) == (2, True)

    run(database_url, ESCAPES)
    shown = terminal.types("evaluation", "crashes", known, "--number", "1").stdout
    assert "\x1b" not in shown
    assert "\\x1b[31mfatal" in shown


@pytest.mark.parametrize("verb", ["show", "watch", "games", "cancel", "replay", "verify", "crashes"])
def test_an_unknown_evaluation_is_told(verb: str, terminal: Terminal) -> None:
    """Exit code 2, in words for people, and as `error` for programs; what can be no id is not asked for."""
    # a loaded machine's database may be too slow once, which is told as that
    until(lambda: "503" not in terminal.types("evaluation", verb, UNKNOWN).stderr)
    done = terminal.types("evaluation", verb, UNKNOWN)
    assert (done.exit_code, done.stderr) == (2, f"404: there is no evaluation {UNKNOWN}\n")
    program = terminal.types("evaluation", verb, UNKNOWN, "--json")
    assert json.loads(program.stdout) == {"error": f"404: there is no evaluation {UNKNOWN}"}
    odd = terminal.types("evaluation", verb, "../keys")
    assert (odd.exit_code, odd.stderr) == (2, "'../keys' is no evaluation's id; `ringrift evaluation ls` lists them\n")


def test_a_service_that_is_away_is_told(tmp_path: Path) -> None:
    """Exit code 2, the address, and no file where one was to be written."""
    nobody, file = f"http://127.0.0.1:{free_port()}", tmp_path / "games.jsonl"
    for words in (["ls"], ["watch", UNKNOWN, "--patience", "0"], ["games", UNKNOWN, "--out", str(file)]):
        done = CliRunner().invoke(app, ["evaluation", *words, "--gauntlet", nobody])
        assert done.exit_code == 2
        assert nobody in done.stderr
    assert list(tmp_path.iterdir()) == []
