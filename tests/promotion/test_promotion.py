"""From evidence to the canonical pointer, through the service's own doors."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.promotion.controller import PromotionController
from shared.contract.configuration import Configuration
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed
from shared.contract.evidence import CanonicalReference, Evidence
from shared.contract.policy import GatePolicy
from shared.messaging.permissions import STREAM
from tests.promotion.conftest import Suite, announcement, completed, evidence

HISTORY = "/v1/configurations/hex8_2p/versions"


async def refusals(suite: Suite, count: int) -> list[Any]:
    """The data of the first `count` events that a candidate is not promoted, once they are there."""

    async def enough() -> list[Any]:
        events = await suite.events("MODEL_PROMOTION_FAILED&type=MODEL_PROMOTION_WITHHELD")
        return events if len(events) >= count else []

    return [event["data"] for event in await suite.eventually(enough)]


async def test_a_passing_candidate_is_promoted(suite: Suite) -> None:
    """Evidence that passes moves the pointer and emits MODEL_PROMOTED with everything that a consumer needs."""
    first = await suite.promoted(b"first")
    second = await suite.promoted(b"secnd")
    events = [event["data"] for event in await suite.events("MODEL_PROMOTED")]
    assert [(each["version"], each["digest"], each["size"], each["kind"]) for each in events] == [
        (1, first, 5, "automatic"),
        (2, second, 5, "automatic"),
    ]
    assert (events[1]["previous_version"], events[1]["previous_digest"]) == (1, first)


async def test_a_failing_candidate_is_refused_with_the_reason(suite: Suite) -> None:
    """A candidate below a threshold is not promoted, and the event says which."""
    await suite.evaluated(suite.add_model(b"weak!"), wins=20)
    [refused] = await refusals(suite, 1)
    assert refused["verdict"] == "failed"
    assert "random: 50 of 50 games played, win rate 40.0%" in refused["reasons"][0]
    assert await suite.canonical() is None


async def test_g03_the_same_event_twice_is_one_promotion(suite: Suite) -> None:
    """A redelivered event changes nothing, by bus or feed."""
    event = announcement(completed(suite.add_model(b"first")))
    suite.gauntlet.feed.append(event)
    await asyncio.gather(suite.hears(event), suite.hears(event))
    await suite.eventually(suite.canonical)
    await suite.evaluated(suite.add_model(b"weak!"), wins=0)
    await refusals(suite, 1)
    assert len(await suite.events("MODEL_PROMOTED")) == 1
    assert len((await suite.get("/v1/decisions"))["items"]) == 2


async def test_g03_one_evaluation_reported_by_two_events_is_decided_once(suite: Suite) -> None:
    """A second end of one evaluation is kept as a dead letter with the reason, and promotes nothing."""
    data = completed(suite.add_model(b"first"))
    await asyncio.gather(*(suite.hears(announcement(data)) for _ in range(2)))

    async def letters() -> Any:
        return (await suite.get("/v1/dead-letters"))["items"]

    assert "was judged already" in (await suite.eventually(letters))[0]["reason"]
    assert len(await suite.events("MODEL_PROMOTED")) == 1
    assert len((await suite.get("/v1/decisions"))["items"]) == 1


async def test_g04_an_evaluation_that_never_was_on_the_bus_is_decided(suite: Suite) -> None:
    """With the stream deleted, the gauntlet's feed brings the evaluation, and this service's own feed the promotion."""
    await suite.promoted(b"first")
    await (await suite.bus.connect()).jetstream().delete_stream(STREAM)
    head = await suite.canonical()
    digest = suite.add_model(b"secnd")
    previous = CanonicalReference(version=head["version"], digest=head["digest"])
    suite.gauntlet.feed.append(announcement(completed(digest, previous)))
    await suite.canonical_is(digest)

    async def second() -> bool:
        return len(await suite.events("MODEL_PROMOTED")) == 2

    await suite.eventually(second)


async def test_g04_a_malformed_event_does_not_stop_the_feed(suite: Suite) -> None:
    """What the feed brings and nobody can read becomes a dead letter; the events after it are handled."""
    broken = announcement(completed("0" * 64))
    object.__setattr__(
        broken.data, "evidence", evidence().model_copy(update={"opponents": [evidence().opponents[0]] * 2})
    )
    digest = suite.add_model(b"first")
    suite.gauntlet.feed += [broken, announcement(completed(digest))]
    await suite.canonical_is(digest)
    [letter] = (await suite.get("/v1/dead-letters"))["items"]
    assert "each opponent must be listed once" in letter["reason"]


async def test_g05_every_decision_can_be_made_again_from_its_record(suite: Suite) -> None:
    """Evidence, policy and the canonical version of that moment are recorded, and give the recorded verdict."""
    await suite.evaluated(suite.add_model(b"weak!"), wins=3)
    await refusals(suite, 1)
    await suite.promoted(b"first")
    await suite.evaluated(suite.add_model(b"stale"))
    await refusals(suite, 2)
    items = (await suite.get("/v1/decisions"))["items"]
    assert [item["verdict"] for item in items] == ["stale", "passed", "failed"]
    for item in items:
        record = await suite.get(f"/v1/decisions/{item['id']}")
        controller = PromotionController(GatePolicy.model_validate(record["policy"]), record["may_skip"])
        version = record["canonical_version"]
        versions = {each["version"]: each["digest"] for each in (await suite.get(HISTORY))["items"]}
        canonical = CanonicalReference(version=version, digest=versions[version]) if version else None
        players = Configuration.parse(record["configuration"]).num_players
        decision = controller.decide(record["digest"], players, Evidence.model_validate(record["evidence"]), canonical)
        assert (decision.verdict, list(decision.reasons)) == (record["verdict"], record["reasons"])


async def test_g09_two_at_once_leave_no_gap_and_one_is_told_why(suite: Suite) -> None:
    """Of two candidates that met the same canonical version one wins; the other is stale, told why and evaluated again."""
    first = await suite.promoted(b"first")
    previous = CanonicalReference(version=1, digest=first)
    digests = [suite.add_model(b"one.."), suite.add_model(b"two..")]
    events = [announcement(completed(digest, previous)) for digest in digests]
    # one comes over the bus and one from the feed, so that two tasks handle them at the same moment
    suite.gauntlet.feed.append(events[0])
    await suite.hears(events[1])
    [refused] = await refusals(suite, 1)
    assert refused["verdict"] == "stale"
    assert "played against canonical version 1, and now canonical is version 2" in refused["reasons"][0]
    assert [each["version"] for each in (await suite.get(HISTORY))["items"]] == [2, 1]
    assert {(await suite.canonical())["digest"], refused["digest"]} == set(digests)
    assert [event["data"]["digest"] for event in await suite.events("EVALUATION_REQUESTED")] == [refused["digest"]]


async def test_g09_a_stale_candidate_is_evaluated_again_and_then_judged(suite: Suite) -> None:
    """The request for another evaluation names the bytes and keeps the operator's request open until it is judged."""
    request = UUID((await suite.asked(gauntlet_games=50))["id"])
    first = await suite.promoted(b"first")
    digest = suite.add_model(b"asked")
    await suite.hears(announcement(completed(digest, None, request_id=request)))
    assert (await refusals(suite, 1))[0]["verdict"] == "stale"
    again = (await suite.events("EVALUATION_REQUESTED"))[-1]["data"]
    assert (again["reason"], again["digest"], again["request_id"], again["games"]) == (
        "stale",
        digest,
        str(request),
        50,
    )
    met = CanonicalReference(version=1, digest=first)
    await suite.hears(announcement(completed(digest, met, request_id=request)))
    closed = await suite.closed(str(request))
    assert closed["state"] == "promoted"
    assert (await suite.canonical())["decision_id"] == closed["decision_id"]


async def test_g03_a_request_is_good_for_one_promotion(suite: Suite) -> None:
    """After a request has ended, another evaluation in its name promotes nothing."""
    request = UUID((await suite.asked())["id"])
    await suite.hears(announcement(completed(suite.add_model(b"first"), None, 0, request)))
    assert (await suite.closed(str(request)))["state"] == "refused"
    await suite.hears(announcement(completed(suite.add_model(b"secnd"), None, 50, request)))
    refused = (await refusals(suite, 2))[1]
    assert (refused["verdict"], await suite.canonical()) == ("passed", None)
    assert "had ended before: refused" in refused["reasons"][0]


async def test_a_request_ends_with_its_evaluation(suite: Suite) -> None:
    """A failed evaluation closes the request with the gauntlet's reason."""
    request = await suite.asked()
    failed = EvaluationFailed(
        board_type="hex8", num_players=2, evaluation_id=uuid4(), code="model_invalid", reason="it holds NaN weights",
        request_id=UUID(request["id"]),
    )  # fmt: skip
    await suite.hears(announcement(failed))
    closed = await suite.closed(request["id"])
    assert (closed["state"], closed["reason"]) == ("failed", "model_invalid: it holds NaN weights")


async def test_a_dry_run_decides_and_promotes_nothing(suite: Suite) -> None:
    """The verdict is recorded, the pointer stays."""
    request = await suite.asked(dry_run=True)
    await suite.hears(announcement(completed(suite.add_model(b"asked"), request_id=UUID(request["id"]))))
    closed = await suite.closed(request["id"])
    assert closed["state"] == "refused"
    assert "dry run" in closed["reason"]
    assert (await suite.get(f"/v1/decisions/{closed['decision_id']}"))["verdict"] == "passed"
    assert await suite.canonical() is None


async def test_a_forced_request_promotes_without_games(suite: Suite) -> None:
    """Force skips the games, and the version says so; without force, evidence without games is invalid."""
    data = completed(suite.add_model(b"asked"))
    skipped = data.model_dump() | {"evidence": evidence().model_copy(update={"skipped": True, "opponents": []})}
    await suite.hears(announcement(EvaluationCompleted.model_validate(skipped)))
    assert (await refusals(suite, 1))[0]["verdict"] == "invalid"
    request = await suite.asked(force=True, reason="the hotfix")
    forced = {**skipped, "evaluation_id": uuid4(), "request_id": UUID(request["id"])}
    await suite.hears(announcement(EvaluationCompleted.model_validate(forced)))
    assert (await suite.closed(request["id"]))["state"] == "promoted"
    assert (await suite.canonical())["kind"] == "forced"


@pytest.mark.parametrize("settings_changed", [{"auto_promote": False}])
async def test_without_automatic_promotion_only_requests_promote(suite: Suite) -> None:
    """RINGRIFT_AUTO_PROMOTE=false leaves a trainer's candidate unpromoted, and says how to promote it."""
    digest = suite.add_model(b"asked")
    await suite.evaluated(digest)
    [refused] = await refusals(suite, 1)
    assert "RINGRIFT_AUTO_PROMOTE is off" in refused["reasons"][0]
    request = await suite.asked()
    await suite.hears(announcement(completed(digest, request_id=UUID(request["id"]))))
    assert (await suite.closed(request["id"]))["state"] == "promoted"


async def test_g18_a_model_whose_bytes_are_gone_is_not_promoted(suite: Suite) -> None:
    """A pass without the bytes in the artifact store moves nothing."""
    await suite.evaluated("f" * 64)
    [refused] = await refusals(suite, 1)
    assert (refused["verdict"], await suite.canonical()) == ("passed", None)
    assert "the artifact store lacks its 5 bytes" in refused["reasons"][0]


async def test_g18_an_exception_while_judging_promotes_nothing(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that raises is not a pass: the event is tried again, and decided once the fault is gone."""
    real, calls = PromotionController.decide, iter([ArithmeticError("the gate broke")])

    def broken(self: PromotionController, *arguments: Any, **named: Any) -> Any:
        for error in calls:
            raise error
        return real(self, *arguments, **named)

    monkeypatch.setattr(PromotionController, "decide", broken)
    await suite.evaluated(suite.add_model(b"first"), wins=0)
    assert (await refusals(suite, 1))[0]["verdict"] == "failed"
    assert await suite.events("MODEL_PROMOTED") == []
