"""The lists and patterns that the databases check are the suite's vocabulary, word for word."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

import pytest

from shared.contract.delivery import RolloutState
from shared.contract.words import (
    CONFINEMENTS,
    DIGEST_PATTERN,
    GATES,
    OPPONENTS,
    ApprovalState,
    AuditAction,
    BreakerState,
    DeliveryState,
    Disposition,
    DispositionCode,
    EvaluationReason,
    EvaluationState,
    FailureCode,
    HoldKind,
    NoticeFormat,
    NoticeState,
    Outcome,
    PromotionKind,
    RequestState,
    ServiceName,
    TrainingDoor,
    TrainingState,
    Verdict,
    WaiverState,
)
from shared.process.credentials import SCOPES
from shared.service.migrations import SERVICES, migrate
from tests.migrations.test_migrations import ask

MakeDatabase = Callable[[str | None], str]
CHECKS = """
    select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
    where contype = 'c' and connamespace::regnamespace::text = $1"""
IN_LIST = re.compile(r"CHECK \(\((\w+) = ANY \(ARRAY\[(.*)\]\)\)\)")
MATCHES = re.compile(r"CHECK \(\((\w+) ~ '(.*)'::text\)\)")
WORDS: dict[str, set[str]] = {
    "distribution.deliveries.state": set(DeliveryState),
    "distribution.breakers.state": set(BreakerState),
    "distribution.distributions.rollout": set(RolloutState),
    "gauntlet.evaluations.state": set(EvaluationState),
    "gauntlet.evaluations.reason": set(get_args(EvaluationReason)),
    "gauntlet.evaluations.confinement": set(CONFINEMENTS),
    "gauntlet.claims.opponent": set(OPPONENTS),
    "gauntlet.trainings.state": set(TrainingState),
    "gauntlet.trainings.door": set(get_args(TrainingDoor)),
    "gauntlet.games.opponent": set(OPPONENTS),
    "gauntlet.games.outcome": set(get_args(Outcome)),
    "promotion.promotion_requests.state": set(RequestState),
    # what an operator may ask for, of the four kinds of promotion
    "promotion.promotion_requests.kind": set(get_args(PromotionKind)) - {"automatic", "rollback"},
    # why it ended: what became of the judged candidate, or why there was nothing to judge
    "promotion.promotion_requests.code": {*get_args(DispositionCode), *get_args(FailureCode)},
    "promotion.api_keys.service": set(get_args(ServiceName)),
    "promotion.api_keys.scope": set(SCOPES),
    "promotion.audit.action": set(get_args(AuditAction)),
    "promotion.holds.kind": set(HoldKind),
    "promotion.approvals.state": set(ApprovalState),
    "promotion.waivers.state": set(WaiverState),
    "promotion.webhooks.format": set(get_args(NoticeFormat)),
    "promotion.webhook_notices.state": set(NoticeState),
    "promotion.evaluation_opponents.opponent": set(GATES),
    "promotion.decisions.verdict": set(get_args(Verdict)),
    "promotion.decisions.disposition": set(get_args(Disposition)),
    "promotion.decisions.code": set(get_args(DispositionCode)),
    "promotion.canonical_versions.kind": set(get_args(PromotionKind)),
}


def checks_of(service: str, make_database: MakeDatabase) -> list[tuple[str, str]]:
    """Every CHECK of a service's migrated schema: table and definition, as Postgres writes it."""
    url = make_database(None)
    migrate(url, (service,))
    return [(table, definition) for table, definition in ask(url, CHECKS, service)]


def lists_of(checks: list[tuple[str, str]]) -> dict[str, set[str]]:
    """The words that a column may hold, by `schema.table.column`, for every column that has a list of them."""
    found = ((table, IN_LIST.fullmatch(definition)) for table, definition in checks)
    return {f"{table}.{match[1]}": set(re.findall(r"'([^']*)'::text", match[2])) for table, match in found if match}


@pytest.mark.parametrize("service", SERVICES)
def test_every_list_is_an_enumeration(service: str, make_database: MakeDatabase) -> None:
    """Each column that may hold only some words may hold exactly those of its enumeration, and no list is without one."""
    lists = lists_of(checks_of(service, make_database))
    assert lists == {column: words for column, words in WORDS.items() if column.startswith(f"{service}.")}


@pytest.mark.parametrize("service", SERVICES)
def test_every_digest_has_the_pattern_of_digests(service: str, make_database: MakeDatabase) -> None:
    """A digest that the code takes is one that the database takes, and the other way round."""
    found = [MATCHES.fullmatch(definition) for _, definition in checks_of(service, make_database)]
    patterns = {match[2] for match in found if match and match[1].endswith("digest")}
    assert patterns == {DIGEST_PATTERN}
