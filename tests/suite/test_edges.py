"""Whoever holds the bus, one process's keys, or a node, tries every door: nothing moves that their credential is not for.

What is tried is derived: every operation of every process's OpenAPI document with every credential that is not for it, every type
of event on every subject, every order to every node. The count is printed at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.suite import SERVICES
from services.distribution.agent.signature import OrderSigner
from services.promotion.controller import PromotionController
from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.contract.evidence import CanonicalReference
from shared.messaging.bus import Bus
from shared.process.credentials import digest_of_key
from tests.kit.operator import HEX8
from tests.kit.waiting import until
from tests.suite.edges.doors import CHANGING, Door
from tests.suite.edges.forged_events import Forgery, contents, forgeries, perfect, structured
from tests.suite.edges.forged_orders import Orders
from tests.suite.edges.siege import CANONICAL, DIGESTS, Siege, siege

pytestmark = pytest.mark.timeout(600)  # the first test waits for a suite that has played three models
UNTRAINED = DIGESTS["untrained"]
MODEL = {"model_path": "models/untrained.pth", "board_type": "hex8", "num_players": 2}
EVENT = {"specversion": "1.0", "id": "x", "source": "/t", "type": "TRAINING_COMPLETED", "data": MODEL}
ORDER = {"version": 9000, "digest": UNTRAINED, "size": 5, "source": f"http://127.0.0.1/v1/artifacts/{UNTRAINED}"}
JOINING = {"name": "node-9", "port": 9, "instance": "0" * 32}
BODIES: dict[str, Any] = {
    "promote": {**MODEL, "force": True, "reason": "x"}, "rollback": {"to_version": 1, "reason": "x"},
    **{name: {"reason": "x"} for name in ("pause", "pin", "mark", "approve", "reject")},
    **dict.fromkeys(("resume", "unpin", "unmark", "reset_policy"), None),
    "set_policy": {"gates": {"random_win_rate": 0}, "reason": "x"}, "rejudge": {},
    "distribute_model": {"model_path": f"models/canonical_{HEX8}.pth", "force": True}, "redeliver": {"configuration": HEX8},
    "move_node": {"url": "http://127.0.0.1:9"}, "register_node": {"name": "node-9", "url": "http://127.0.0.1:9"},
    "start_evaluation": MODEL, "announce_training": EVENT, "send_upload": "", "put_model": ORDER,
    "claim_work": {"worker": "attacker"}, "report_work": {}, "fail_work": {"code": "internal", "reason": "x"},
    "give_work_back": None, "remove_node": None, "cancel_evaluation": None, "replay_dead_letter": None, "prune": None,
    "create_key": {"name": "attacker"}, "revoke_key": None,
    "isolate_node": {"reason": "x"}, "release_node": None, "join": JOINING,
    "begin_epoch": {"reason": "x"}, "collect_artifacts": None,
    **{f"{verb}_distribution": {"reason": "x"} for verb in ("pause", "resume", "abort", "advance")},
    "add_webhook": {"url": "https://hooks.example/x"}, "remove_webhook": None, "replay_webhook": None,
}  # fmt: skip
"""What a request that changes something says, by operation."""
GUESSES = ("", "Bearer", "Bearer guessed", "Basic b3BlcmF0b3I6b3BlcmF0b3I=")
ELSEWHERE = (
    "/docs/..{}", "/static-offline-docs/..{}", "/livez/..{}", "/livez/%2e%2e{}", "/{}", "/livez;{}", "{}/", "{}%00",
)  # fmt: skip
"""Paths that might be taken for open ones, or for no door at all."""
WRONG_KEY = {"urn:ringrift:problem:unauthorized", "urn:ringrift:problem:forbidden"}


@pytest.fixture(scope="module")
def besieged(request: pytest.FixtureRequest) -> Iterator[Siege]:
    """One suite for all attacks; at the end it says how many there were."""
    with siege() as held:
        yield held
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(f"\n{held.tried} attempts, {len(held.accepted)} accepted")


@pytest.fixture
def attacked(besieged: Siege) -> Iterator[Siege]:
    """The suite; after the test nothing was accepted, and ledger, nodes and every disk are as before."""
    before = (besieged.canonical(), besieged.rows(), besieged.nodes(), besieged.pointers())
    tried, accepted = besieged.tried, len(besieged.accepted)
    yield besieged
    until(besieged.is_settled, 90)
    assert besieged.tried > tried
    assert not besieged.accepted[accepted:]
    assert (besieged.canonical(), besieged.rows(), besieged.nodes(), besieged.pointers()) == before


def stands_for(siege: Siege) -> dict[str, str]:
    """What is there, for every parameter of a path."""
    [request, *_] = siege.events("promotion", "EVALUATION_REQUESTED")
    decision = siege.operator("GET", "promotion", "/v1/decisions").json()["items"][0]
    training = siege.operator("GET", "gauntlet", "/v1/trainings").json()["items"][0]
    return {
        "configuration": HEX8, "distribution": f"{HEX8}:1", "digest": UNTRAINED, "name": "node-1", "letter_id": "1",
        "decision_id": decision["id"],
        "claim_id": str(uuid4()), "key_id": "0" * 8, "webhook_id": str(uuid4()),
        "evaluation_id": decision["evaluation_id"], "request_id": request["data"]["request_id"], "training_id": training["id"],
        "opponent": "random", "index": "0",
    }  # fmt: skip


def every_door(siege: Siege) -> list[Door]:
    """All that are not open, of all processes."""
    return siege.doors(stands_for(siege), BODIES)


def test_f58_no_key_opens_a_door_that_it_is_not_for(attacked: Siege) -> None:
    """Every operation of every process, with every key of every other edge and of too small a scope."""
    for door in every_door(attacked):
        for credential in attacked.ring.credentials:
            if credential.is_for(door.receiver, door.method, door.path):
                continue
            answer = door.knock(
                attacked.client, attacked.url(door.receiver), {"Authorization": f"Bearer {credential.key}"}
            )
            expected = 403 if credential.receiver == door.receiver else 401
            attacked.attempt(f"{door} with {credential}: {answer.status_code}", accepted=answer.status_code != expected)


def test_f58_no_door_opens_without_a_key(attacked: Siege) -> None:
    """Nor with a guessed one, the hash of the operator's, another header, or a path that looks like an open one."""
    for door in every_door(attacked):
        url = attacked.url(door.receiver)
        hashed = [digest_of_key(each.key) for each in attacked.ring.credentials if each.holder == "operator"]
        guesses = (*GUESSES, *hashed, *(f"Bearer {each}" for each in hashed))
        headers: list[dict[str, str]] = [{}, *({"Authorization": each} for each in guesses)]
        headers += [{"X-Forwarded-For": "127.0.0.1"}, {"X-Original-URL": "/livez"}, {"RingRift-Signature": "x"}]
        for each in headers:
            answer = door.knock(attacked.client, url, each)
            attacked.attempt(f"{door} with {each}: {answer.status_code}", accepted=answer.status_code != 401)
        for pattern in ELSEWHERE:
            answer = raw(attacked.client, url, door, pattern.format(door.path))
            refused = answer.status_code in (400, 401, 403, 404, 405, 422)
            attacked.attempt(f"{door} by {pattern}: {answer.status_code}", accepted=not refused)


def raw(client: httpx.Client, url: str, door: Door, path: str) -> httpx.Response:
    """The answer to a request for exactly this path, without a key."""
    return client.request(door.method, url, json=door.body, extensions={"target": path.encode()})


async def test_f09_what_is_said_on_the_bus_is_not_believed(attacked: Siege) -> None:
    """Every type of event on every subject, with evidence that would pass every gate: nothing moves."""
    untrained_won = forged_evidence(attacked)
    evaluation = attacked.events("gauntlet", "EVALUATION_STARTED")[-1]["data"]["evaluation_id"]
    promotions = attacked.events("promotion", "MODEL_PROMOTED")
    bus = Bus(attacked.suite.nats.url, "attacker")
    try:
        for forgery in forgeries(contents(UNTRAINED, untrained_won, evaluation)):
            await publish(bus, forgery)
            attacked.attempt(str(forgery), accepted=attacked.canonical() != (2, DIGESTS["successor"]))
        await attacked.drained(bus)
    finally:
        await bus.close()
    assert attacked.events("promotion", "MODEL_PROMOTED") == promotions
    for service in SERVICES:  # an operator who replays what was left behind is not fooled either
        for letter in attacked.operator("GET", service, "/v1/dead-letters?limit=1000").json()["items"]:
            answer = attacked.operator("POST", service, f"/v1/dead-letters/{letter['id']}/replay")
            attacked.attempt(f"letter {letter}: {answer.text}", accepted=answer.status_code != 422)


def forged_evidence(siege: Siege) -> dict[str, Any]:
    """The data of an EVALUATION_COMPLETED in which an untrained model won every game; judged, it would be promoted."""
    real = next(
        each["data"] for each in siege.events("gauntlet", "EVALUATION_COMPLETED")
        if each["data"]["digest"] == DIGESTS["successor"]
    )  # fmt: skip
    head = (2, DIGESTS["successor"])
    forged = perfect(real, head, UNTRAINED)
    evidence = EvaluationCompleted.model_validate_json(httpx.Request("POST", "http://x", json=forged).content).evidence
    canonical = CanonicalReference(version=head[0], digest=head[1])
    assert PromotionController(evidence.gates).decide(UNTRAINED, 2, evidence, canonical).verdict == "passed"
    return forged


async def publish(bus: Bus, forgery: Forgery) -> None:
    """Put a message on the bus, as whoever has its password can."""
    await bus.send(forgery.subject, forgery.payload, str(uuid4()), **forgery.headers)


async def test_f09_an_announcement_on_the_bus_costs_games_and_no_more(besieged: Siege) -> None:
    """What is believed from the bus is that a model was trained, and it is promoted if it wins and not otherwise."""
    before = (besieged.rows(CANONICAL), besieged.nodes(), besieged.pointers())
    decided = len(besieged.operator("GET", "promotion", "/v1/decisions").json()["items"])
    bus = Bus(besieged.suite.nats.url, "attacker")
    try:
        data = contents(UNTRAINED, {}, "")["TRAINING_COMPLETED"]
        subject = f"{SUBJECT_PREFIX}.TRAINING_COMPLETED.{HEX8}"
        await publish(bus, Forgery(subject, {}, structured("TRAINING_COMPLETED", data, "TRAINING_COMPLETED")))
    finally:
        await bus.close()

    def judged() -> Any:
        found = besieged.operator("GET", "promotion", "/v1/decisions").json()["items"]
        return found if len(found) > decided else None

    [decision, *_] = until(judged, 90)
    besieged.attempt(f"announcement: {decision}", accepted=decision["disposition"] == "promoted")
    assert (decision["digest"], decision["verdict"]) == (UNTRAINED, "failed")
    assert (besieged.rows(CANONICAL), besieged.nodes(), besieged.pointers()) == before


@pytest.mark.parametrize("holder", ["promotion", "operator"])
def test_f55_the_distribution_services_door_moves_nothing(attacked: Siege, holder: str) -> None:
    """Version 9000, or any other, with any stored digest, from those whose key the door is for."""
    headers = attacked.bearer(holder, "distribution")
    for digest in DIGESTS.values():
        for version in (None, 1, 2, 3, 9000):
            if (version, digest) in ((2, DIGESTS["successor"]), (None, DIGESTS["successor"])):
                continue
            body = {"configuration": HEX8, "version": version, "digest": digest, "force": True}
            answer = attacked.client.post(
                f"{attacked.url('distribution')}/admin/distribute-model", json=body, headers=headers
            )
            attacked.attempt(f"{body}: {answer.status_code}", accepted=answer.status_code != 409)


def test_f58_no_node_takes_an_order_that_was_not_given_to_it(attacked: Siege) -> None:
    """Unsigned, signed by a stranger, for another node, path or body, captured elsewhere, or old, with any key or none."""
    captured = list({(each.node, each.method, each.path): each for each in attacked.liars.seen}.values())
    nodes = list(attacked.suite.addresses.nodes)
    for node in nodes:
        orders, url, ring = orders_to(attacked, node), attacked.url(node), attacked.ring
        keys = [None, ring.key("operator", "distribution"), ring.key(node, "distribution"), ring.key("reader", node)]
        for order in orders.unproven(captured, next(each for each in nodes if each != node)):
            for key in keys:
                status = order.put(attacked.client, url, key).status_code
                attacked.attempt(f"{order} to {node}: {status}", accepted=status not in (401, 403))
        for order in orders.proven():
            status = order.put(attacked.client, url).status_code
            attacked.attempt(f"{order} to {node}: {status}", accepted=status != 409)
        answer = orders.again().put(attacked.client, url)
        assert (answer.status_code, answer.json()["state"]) == (200, "held")


def orders_to(siege: Siege, node: str) -> Orders:
    """What a node was told, and what it never was."""
    source = f"{siege.url('distribution')}/v1/artifacts/"

    def order(version: int, name: str, at: str = source) -> dict[str, Any]:
        size = (siege.suite.models / f"{name}.pth").stat().st_size
        return {"version": version, "digest": DIGESTS[name], "size": size, "source": at + DIGESTS[name]}

    elsewhere = order(3, "untrained", f"{siege.liars.url}/")
    false = [order(9000, "untrained"), order(3, "trained"), order(2, "trained"), elsewhere]
    return Orders(node, order(2, "successor"), order(1, "trained"), false, OrderSigner(siege.ring.order_key))


def test_f58_a_node_in_wrong_hands_is_believed_about_itself_alone(attacked: Siege) -> None:
    """Whatever it answers: it gets no key, leads the service nowhere, and the other nodes are what they were."""
    until(lambda: len(attacked.liars.seen) > 100, 60)
    secrets = [each.key for each in attacked.ring.credentials] + [attacked.ring.order_key]
    for request in list(attacked.liars.seen):
        told = f"{request.path} {request.headers} {request.body!r}"
        leaked = "authorization" in {name.lower() for name in request.headers} or any(each in told for each in secrets)
        attacked.attempt(f"{request.node} was sent {told}", accepted=leaked)
    held = attacked.operator("GET", "distribution", f"/v1/configurations/{HEX8}/availability").json()
    for node in attacked.suite.addresses.nodes:
        assert held[node]["digest"] == DIGESTS["successor"]
    for liar in attacked.liars.answers:
        attacked.attempt(f"{liar} holds {held[liar]}", accepted=held[liar]["digest"] == DIGESTS["successor"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_key_that_was_issued_opens_its_service_alone(besieged: Siege, service: str) -> None:
    """Within seconds of its making, and until within seconds of its end."""
    asked = {"name": "anna", "service": service, "scope": "read"}
    made = besieged.operator("POST", "promotion", "/v1/keys", asked).json()

    def taken() -> dict[str, bool]:
        bearer = {"Authorization": f"Bearer {made['key']}"}
        answers = {name: besieged.client.get(f"{besieged.url(name)}/v1/events", headers=bearer) for name in SERVICES}
        return {name: answer.status_code == 200 for name, answer in answers.items()}

    until(lambda: taken()[service], 30)
    assert taken() == {name: name == service for name in SERVICES}
    assert besieged.operator("DELETE", "promotion", f"/v1/keys/{made['id']}?reason=left").is_success
    until(lambda: not any(taken().values()), 30)


def test_the_doors_open_for_whose_they_are(besieged: Siege) -> None:
    """The same requests with a key that is for them are not refused, so that what was refused above was refused for its key."""

    def turn(door: Door) -> tuple[bool, bool, bool, str]:
        """Readers first, and what would keep the others from changing anything last."""
        holds = any(each in door.path for each in ("/pin", "/pause", "/marks/", "/isolation"))
        return door.method == "DELETE", holds, door.method in CHANGING, door.name

    for door in sorted(every_door(besieged), key=turn):
        right = [each for each in besieged.ring.credentials if each.is_for(door.receiver, door.method, door.path)]
        assert bool(right) == (door.name != "put_model")  # which no key is for
        for credential in right:
            answer = door.knock(
                besieged.client, besieged.url(door.receiver), {"Authorization": f"Bearer {credential.key}"}
            )
            kind = answer.json().get("type") if answer.is_error and door.method != "HEAD" else None
            assert kind not in WRONG_KEY, f"{door} with {credential}: {answer.text}"
            assert answer.status_code < 500
    until(lambda: besieged.canonical() not in (None, (2, DIGESTS["successor"])), 60)


def test_every_type_of_event_was_forged() -> None:
    """A new type of event is forged with the others."""
    assert set(contents(UNTRAINED, {}, "")) == set(DATA_MODELS)
