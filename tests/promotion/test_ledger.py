"""What the ledger's database refuses by itself, whatever the service would do."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.promotion.conftest import Suite

RECORDS = (
    "policy_versions",
    "policies",
    "artifacts",
    "evaluations",
    "evaluation_opponents",
    "decisions",
    "canonical_versions",
    "audit",
)
CHANGES = ("update promotion.{} set {} = {}", "delete from promotion.{}", "truncate promotion.{} cascade")
COLUMN = {
    "policy_versions": "reason",
    "policies": "gates",
    "artifacts": "size",
    "evaluation_opponents": "wins",
    "audit": "actor",
}
OPPONENT = """insert into promotion.evaluation_opponents
    (evaluation_id, opponent, games_planned, games, wins, draws, losses, truncated, errored, score_histogram)
    select id, 'previous', 50, 50, {}, '{}' from promotion.evaluations"""
DECISION = """insert into promotion.decisions
    (id, configuration, digest, verdict, reasons, policy, may_skip, disposition, code, policy_id)
    select gen_random_uuid(), configuration, digest, verdict, reasons, policy, may_skip, '{}', '{}', {} from promotion.decisions"""
VERSION = """insert into promotion.canonical_versions
    (configuration, version, digest, decision_id, kind, promoted_by, reason)
    select configuration, {}, digest, id, 'automatic', 'test', 'test' from promotion.decisions where verdict = '{}'"""


async def refused(suite: Suite, statement: str, match: str) -> None:
    """The database refuses a statement for that reason."""
    with pytest.raises(DBAPIError, match=match):
        async with suite.database.write() as tx:
            await tx.execute(text(statement))


@pytest.mark.parametrize("change", CHANGES, ids=["update", "delete", "truncate"])
async def test_g02_the_history_cannot_be_rewritten(suite: Suite, change: str) -> None:
    """The database itself refuses to change or remove what was recorded."""
    await suite.promoted(b"first")
    await suite.posts("/v1/policies/hex8_2p", {"gates": {}, "reason": "as the runbook has it"}, method="PUT")
    for table in RECORDS:
        column = COLUMN.get(table, "digest")
        await refused(suite, change.format(table, column, column), "is append-only")


async def test_g02_versions_are_gapless_and_only_of_passing_decisions(suite: Suite) -> None:
    """No version can be skipped, repeated, or stand on a decision that did not pass."""
    await suite.promoted(b"first")
    await refused(suite, VERSION.format(3, "passed"), "version 3 does not follow 1")
    await refused(suite, VERSION.format(1, "passed"), "version 1 does not follow 1")
    await suite.evaluated(suite.add_model(b"stale"))
    await suite.eventually(lambda: suite.events("MODEL_PROMOTION_WITHHELD"))
    await refused(suite, VERSION.format(2, "stale"), "foreign key")


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False}])
async def test_g02_versions_are_only_of_what_was_promoted(suite: Suite) -> None:
    """A candidate that passed and was withheld cannot become a version on that decision."""
    await suite.evaluated(suite.add_model(b"first"))
    await suite.eventually(lambda: suite.events("MODEL_PROMOTION_WITHHELD"))
    await refused(suite, VERSION.format(1, "passed"), "foreign key")


@pytest.mark.parametrize(
    ("disposition", "code", "policy", "constraint"),
    [
        ("promoted", "gates_failed", "policy_id", "code_of_its_disposition"),
        ("refused", "rolled_back", "policy_id", "code_of_its_disposition"),
        ("refused", "gates_failed", "'0123456789abcdef'", "foreign key"),
    ],
)
async def test_a_decision_fits_together(
    suite: Suite, disposition: str, code: str, policy: str, constraint: str
) -> None:
    """Its code is one of its disposition's, and its policy is one that was handed out."""
    await suite.promoted(b"first")
    await refused(suite, DECISION.format(disposition, code, policy), constraint)


@pytest.mark.parametrize(
    ("outcomes", "histogram", "constraint"),
    [
        ("43, 0, 6, 0, 0", "{6,0,43}", "outcomes_sum_to_games"),
        ("60, 0, -10, 0, 0", "{0,0,50}", "outcomes_not_negative"),
        ("43, 0, 7, 0, 0", "{0,0,43}", "scores_sum_to_outcomes"),
    ],
)
async def test_g05_outcomes_must_sum_to_the_games(suite: Suite, outcomes: str, histogram: str, constraint: str) -> None:
    """Counts that do not add up cannot be recorded."""
    await suite.promoted(b"first")
    await refused(suite, OPPONENT.format(outcomes, histogram), constraint)
