"""What is told of an evaluation's games beside the verdict, while they are played and in its evidence."""

from __future__ import annotations

import json

from cli.report import milestones
from cli.stat_block import stat_block
from cli.watch import Story
from play.counting import Result
from services.gauntlet.cost import Cost
from services.gauntlet.evidence import assemble, standing
from services.gauntlet.schemas import EvaluationDetail
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.contract.evidence import Evidence
from shared.contract.policy import GatePolicy
from tests.gauntlet.fakes import DIGEST, MODEL, queued
from tests.play.arena.test_counting import results

POLICY = GatePolicy(games=50)
PLAYED: list[Result] = [*results([2] * 43), *results([2, 0, 2, 2] * 9, "heuristic")]
BEFORE = ("effective_histogram", "block_histogram", "interval", "flip_margin", "seats")


def found() -> Evidence:
    """The evidence of these games."""
    return assemble(queued(gates=POLICY, cost=Cost(2.5, 1.5, 6)), PLAYED)


def test_progress_tells_every_figure() -> None:
    """Each opponent's games with interval, margin, effective size and seats, and the Elo estimate of all."""
    detail = EvaluationDetail.of_standing(standing(queued(gates=POLICY), PLAYED, None)).model_dump(mode="json")
    random, heuristic = detail["opponents"]
    assert (random["verdict"], random["effective_games"], random["flip_margin"]) == ("passed", 43, 1)
    assert [(each["seat"], each["games"], each["win_rate"]) for each in heuristic["seats"]] == [
        (0, 18, 1),
        (1, 18, 0.5),
    ]
    assert random["interval"]["low"] < random["win_rate"] <= random["interval"]["high"]
    assert detail["elo"]["low"] < detail["elo"]["rating"]


def test_the_receipt_says_what_was_measured_and_what_was_saved() -> None:
    """43 and 36 games of twice 50."""
    assert found().cost is not None
    told = found().model_dump()["cost"]
    assert told == {
        "core_seconds": 2.5, "forward_seconds": 1.5, "games": 79, "surplus_games": 6, "saved_games": 21,
    }  # fmt: skip


def test_evidence_from_before_these_figures_is_read() -> None:
    """As events and ledgers hold it; its verdict is the same."""
    older = json.loads(found().model_dump_json(exclude={"elo", "cost"}))
    for opponent in older["opponents"]:
        for name in BEFORE:
            del opponent[name]
    for name in ("mode", "alpha", "beta", "cap"):
        del older["gates"][name]
    read = Evidence.model_validate_json(json.dumps(older))
    assert (read.gates, read.policy_id) == (POLICY, found().policy_id)
    verdicts = [[each.verdict(POLICY, 2) for each in evidence.opponents] for evidence in (read, found())]
    assert verdicts[0] == verdicts[1]
    assert [each.effective_games for each in read.opponents] == [None, None]


def test_a_terminal_shows_them_in_a_line() -> None:
    """Rate, threshold, interval and margin, and Elo last."""
    completed = EvaluationCompleted(
        board_type="hex8",
        num_players=2,
        evaluation_id=queued().id,
        digest=DIGEST,
        size=7,
        model=MODEL,
        evidence=found(),
    )
    story = Story("trained", DIGEST, evaluated=completed)
    [played] = [line for line in milestones(story) if line.startswith("played: ")]
    assert "random 43/50 100% (85%), " in played
    assert "margin 1; heuristic 36/50 75% (60%), " in played
    assert "; Elo " in played


def test_a_block_to_copy_has_every_figure() -> None:
    """Elo with its interval, games by opponent with what they need, and the verdict, in plain text of one width."""
    detail = EvaluationDetail.of_standing(standing(queued(gates=POLICY), PLAYED, None)).model_dump(mode="json")
    lines = stat_block(detail).splitlines()
    told = {name.strip(): value for name, value in (line.split(" | ") for line in lines)}
    assert told["games"] == "N: 79 W: 70 L: 9 D: 0"
    assert told["random"].startswith("43/50 W: 43 L: 0 D: 0, 100.0% [")
    assert told["heuristic"].endswith("needs 60%: undecided")
    assert told["Elo"].endswith("] (95 %)")
    assert told["verdict"] == "undecided"
    assert len({line.index("|") for line in lines}) == 1
