"""Models that cannot be played: each gets one terminal answer with a stable code, and disturbs nothing else."""

import os
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from services.gauntlet.training import training_id
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.nats_stream import ensure_stream
from tests.gauntlet.conftest import DEMO, Suite
from tests.kit.foreign_models import ARCHITECTURE, PARAMETERS, network, write
from tests.kit.hostile_models import CORPUS

DIGEST = "ab" * 32


class Hostile:
    """A pickle that makes a folder when it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def changed(path: Path, **changes: Any) -> None:
    """The trained demo checkpoint with other entries."""
    content = torch.load(DEMO / "hex8_2p_trained.pth", weights_only=True)
    torch.save({**content, **changes}, path)


def write_hostile(path: Path) -> None:
    """A checkpoint file whose pickle runs code."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Hostile(path.parent / "owned")))
        archive.writestr("archive/version", "3")


def write_nan(path: Path) -> None:
    """The demo checkpoint with a weight that is not a number."""
    content = torch.load(DEMO / "hex8_2p_trained.pth", weights_only=True)
    state = dict(content["state_dict"])
    name = next(iter(state))
    state[name] = torch.full_like(state[name], torch.nan)
    torch.save({**content, "state_dict": state}, path)


def hostile(name: str, path: Path) -> None:
    """A file of the corpus."""
    CORPUS[name](path, path.parent / "owned")


WRITERS: dict[str, Callable[[Path], object]] = {
    "truncated": lambda path: path.write_bytes((DEMO / "hex8_2p_trained.pth").read_bytes()[:5000]),
    "text": lambda path: path.write_text("not a checkpoint"),
    "empty": lambda path: path.write_bytes(b""),
    "hostile": write_hostile,
    "not a number": write_nan,
    "pickle by another name": partial(hostile, "pickle: posix.system by stack_global"),
    "TorchScript": partial(hostile, "zip: TorchScript"),
    "header of terabytes": partial(hostile, "safetensors: header of terabytes"),
    "weights elsewhere": partial(hostile, "onnx: weights in /etc/passwd"),
    "nothing announced": lambda path: torch.save(network().state_dict(), path),
    "other board": lambda path: changed(path, board_type="square8"),
    "other players": lambda path: changed(path, num_players=3),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_g18_a_model_that_cannot_play_fails_with_its_reason(suite: Suite, kind: str) -> None:
    """The evaluation fails as model_invalid, no code of the file runs, and no game is played."""
    WRITERS[kind](suite.models / "bad.pth")
    ended = await suite.ended((await suite.ask(model_path="models/bad.pth"))["id"])
    assert (ended["state"], ended["failure_code"]) == ("failed", "model_invalid"), ended
    assert ended["failure_reason"].startswith("models/bad.pth")
    assert not (suite.models / "owned").exists()
    assert all(each["games"] == 0 for each in ended["opponents"])
    assert [each["code"] for each in await suite.events("EVALUATION_FAILED")] == ["model_invalid"]


@pytest.mark.parametrize(
    ("model_path", "digest", "code"),
    [
        ("models/absent.pth", None, "model_not_found"),
        (None, DIGEST, "model_not_found"),
        ("models/trained.pth", DIGEST, "digest_mismatch"),
        ("../outside.pth", None, "path_refused"),
        ("link.pth", None, "path_refused"),
    ],
)
async def test_g01_what_was_not_announced_is_not_evaluated(
    suite: Suite, model_path: str | None, digest: str | None, code: str
) -> None:
    """A missing file, another digest or a way out of the models folder fails; no other file is evaluated instead."""
    suite.add_demo_model()
    (suite.models.parent / "outside.pth").write_bytes(b"secret")
    (suite.models / "link.pth").symlink_to(suite.models.parent / "outside.pth")
    data = TrainingCompleted(board_type="hex8", num_players=2, model_path=model_path, digest=digest, trained_by="t")
    event = await suite.announce(data)

    async def failed() -> Any:
        return await suite.events("EVALUATION_FAILED")

    [found] = await suite.eventually(failed)
    assert (found["evaluation_id"], found["code"]) == (str(training_id(event.source, str(event.id))), code)
    assert found["reason"]


async def test_f33_a_foreign_model_is_evaluated_as_it_was_announced(suite: Suite) -> None:
    """What the file does not say comes with the event, is shown, and is remembered for the bytes."""
    path = write("DataParallel", suite.models)
    data = TrainingCompleted(
        board_type="hex8",
        num_players=2,
        model_path=f"models/{path.name}",
        architecture=ARCHITECTURE,
        parameters=PARAMETERS,
    )
    event = await suite.announce(data)

    async def known() -> Any:
        answer = await suite.client.get(f"/v1/evaluations/{training_id(event.source, str(event.id))}")
        return answer.status_code == 200

    await suite.eventually(known)
    ended = await suite.ended(str(training_id(event.source, str(event.id))))
    assert (ended["state"], ended["architecture"], ended["parameters"]) == ("completed", ARCHITECTURE, PARAMETERS), (
        ended
    )
    assert (ended["model"]["format"], ended["model"]["notes"]) == (
        "state dict",
        ["the weights are from `state_dict` under `module.`"],
    )
    again = await suite.ended((await suite.ask(digest=ended["digest"], games=2))["id"])
    assert (again["state"], again["architecture"]) == ("completed", None), again


async def test_a_malformed_event_is_buried_with_the_reason(suite: Suite) -> None:
    """It is a dead letter at once, and the next event is handled."""
    client = await suite.bus.connect()
    await ensure_stream(client)
    subject = "ringrift.events.TRAINING_COMPLETED.hex8_2p"
    for payload in (b"{", b'{"type": "TRAINING_COMPLETED"}', b"\xff" * 100):
        await client.jetstream().publish(subject, payload)

    async def buried() -> Any:
        items = (await suite.get("/v1/dead-letters"))["items"]
        return items if len(items) == 3 else None

    assert all(each["reason"] and each["subject"] == subject for each in await suite.eventually(buried))
    ended = await suite.ended((await suite.ask(model_path=suite.add_demo_model("untrained"), games=2))["id"])
    assert ended["state"] == "completed"
