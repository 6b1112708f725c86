"""What comes before the queue, between fakes: models that are taken in or not, policies that come or do not."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services.gauntlet.evaluation import FOR_MODEL, FOR_POLICY, Evaluation
from services.gauntlet.intake import Intake
from services.gauntlet.policies import PromotionAwayError
from shared.contract.configuration import Configuration
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact
from tests.gauntlet.fakes import DIGEST, FakeEvaluations, FakePolicies, received

WEIGHTS = b"weights"


class Trial:
    """An intake between fakes, with a models folder of its own that holds a.pth."""

    def __init__(self, folder: Path, **changed: Any) -> None:
        self.evaluations, self.policies, self.models = FakeEvaluations(), FakePolicies(), folder / "models"
        self.models.mkdir()
        (self.models / "a.pth").write_bytes(WEIGHTS)
        self.id = self.evaluations.add(received(**changed)).id
        self.intake = Intake(self.evaluations, ArtifactFolder(folder / "artifacts"), self.models, self.policies)

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation as it is now."""
        return self.evaluations.read(self.id)

    def waits_for_policy(self, **changed: Any) -> Evaluation:
        """One more evaluation, whose model is taken in."""
        return self.evaluations.add(received(**changed).taken_in(Artifact(DIGEST, 7), 42))


async def test_a_model_is_taken_in_and_then_its_policy_asked_for(tmp_path: Path) -> None:
    """Its bytes are in the store, and the policy is the one for the games that were asked for."""
    trial = Trial(tmp_path, games=12)
    trial.policies.known = GatePolicy(games=12)
    assert await trial.intake.ask_once()
    assert trial.policies.asked == []
    await trial.intake.take_in()
    taken = trial.evaluation
    assert (taken.state, taken.waits_for, taken.digest) == ("received", FOR_POLICY, hashlib.sha256(WEIGHTS).hexdigest())
    await trial.intake.ask_for_policies()
    assert trial.policies.asked == [("hex8_2p", 12)]
    assert (trial.evaluation.state, trial.evaluation.gates) == ("queued", GatePolicy(games=12))


async def test_a_policy_that_came_with_the_request_is_not_asked_for(tmp_path: Path) -> None:
    """It is played by that one."""
    trial = Trial(tmp_path, gates=GatePolicy(games=2), policy_id=GatePolicy(games=2).id)
    await trial.intake.take_in_once()
    await trial.intake.ask_once()
    assert (trial.evaluation.state, trial.policies.asked) == (EvaluationState.QUEUED, [])


async def test_g01_a_file_that_changes_while_the_policy_is_waited_for_changes_nothing(tmp_path: Path) -> None:
    """The bytes are those that were taken in, once."""
    trial = Trial(tmp_path)
    await trial.intake.take_in_once()
    (trial.models / "a.pth").write_bytes(b"others")
    await trial.intake.take_in_once()
    assert trial.evaluation.digest == hashlib.sha256(WEIGHTS).hexdigest()
    assert trial.evaluation.revision == 1


async def test_without_a_policy_it_waits_and_says_so(tmp_path: Path) -> None:
    """The trouble of one configuration is not another's, and the same trouble is said once."""
    trial = Trial(tmp_path)
    first, second = trial.waits_for_policy(), trial.waits_for_policy(games=3)
    assert not await trial.intake.ask_once()
    assert trial.policies.asked == [("hex8_2p", None), ("hex8_2p", 3)]
    assert not await trial.intake.ask_once()
    for evaluation in (first, second):
        waiting = trial.evaluations.read(evaluation.id)
        assert (waiting.state, waiting.revision) == (EvaluationState.RECEIVED, 2)
        assert waiting.waits_for == f"{FOR_POLICY}: no policy today"


async def test_who_is_away_is_asked_once_for_each_configuration(tmp_path: Path) -> None:
    """Every evaluation says that it waits for it, and none holds up the others with a question of its own."""
    trial = Trial(tmp_path)
    square8 = Configuration("square8", 2)
    waiting = [trial.waits_for_policy(), trial.waits_for_policy(), trial.waits_for_policy(configuration=square8)]
    trial.policies.trouble = PromotionAwayError("nobody answers")
    assert not await trial.intake.ask_once()
    assert trial.policies.asked == [("hex8_2p", None), ("square8_2p", None)]
    said = {trial.evaluations.read(each.id).waits_for for each in waiting}
    assert said == {f"{FOR_POLICY}: nobody answers"}


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"model_path": "models/none.pth"}, "model_not_found", "there is no model file models/none.pth"),
        ({"model_path": "../a.pth"}, "path_refused", "outside the models folder"),
        ({"model_path": "models/empty.pth"}, "model_invalid", "models/empty.pth is empty"),
        ({"announced_digest": "f" * 64}, "digest_mismatch", "was announced"),
        (
            {"model_path": None, "announced_digest": "f" * 64},
            "model_not_found",
            "the artifact store has no undamaged model ffff",
        ),
    ],
)
async def test_what_cannot_be_taken_in_is_refused(
    tmp_path: Path, changed: dict[str, Any], code: str, words: str
) -> None:
    """Each fault has its code and says what was found, whether the promotion service answers or not."""
    trial = Trial(tmp_path, **changed)
    (trial.models / "empty.pth").touch()
    await trial.intake.take_in_once()
    assert (trial.evaluation.state, trial.evaluation.failure_code) == (EvaluationState.FAILED, code)
    assert words in str(trial.evaluation.failure_reason)
    assert trial.evaluations.ends == [trial.id]


async def test_a_model_is_found_by_its_digest(tmp_path: Path) -> None:
    """Once taken in, it needs no path any more."""
    trial = Trial(tmp_path)
    await trial.intake.take_in_once()
    digest = trial.evaluation.digest
    other = trial.evaluations.add(received(model_path=None, announced_digest=digest))
    await trial.intake.take_in_once()
    assert trial.evaluations.read(other.id).digest == digest


def make_trouble(trial: Trial) -> None:
    """Files that cannot be opened, each for a reason of its own."""
    (trial.models / "file").write_bytes(b"a file")
    (trial.models / "loop.pth").symlink_to(trial.models / "pool.pth")
    (trial.models / "pool.pth").symlink_to(trial.models / "loop.pth")
    os.mkfifo(trial.models / "pipe.pth")
    (trial.models / "folder.pth").mkdir()


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        (f"models/{'x' * 300}.pth", "path_refused", "is too long for a file's name"),
        ("models/file/a.pth", "model_not_found", "models/file/a.pth: something on the way to it is a file"),
        ("models/loop.pth", "path_refused", "models/loop.pth"),
        ("models/pipe.pth", "model_not_found", "models/pipe.pth is no regular file"),
        ("models/folder.pth", "model_not_found", "models/folder.pth is no regular file"),
        ("models/a\0.pth", "path_refused", "is no usable path"),
    ],
)
async def test_f10_what_can_never_be_opened_ends_at_once_with_its_reason(
    tmp_path: Path, path: str, code: str, words: str
) -> None:
    """At the first try, with a code, and in words that name the file as it was announced."""
    trial = Trial(tmp_path, model_path=path)
    make_trouble(trial)
    await trial.intake.take_in_once()
    assert (trial.evaluation.state, trial.evaluation.failure_code) == (EvaluationState.FAILED, code)
    assert words in str(trial.evaluation.failure_reason)


def refuse(number: int) -> Callable[..., int]:
    """The system's opening of files, which fails with an error for models."""
    opened = os.open

    def fail(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("a.pth"):
            raise OSError(number, os.strerror(number))
        return opened(path, *rest, **more)

    return fail


async def test_f10_a_file_of_another_user_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says who may not read it, and how that is mended."""
    trial = Trial(tmp_path)
    monkeypatch.setattr("os.open", refuse(errno.EACCES))
    await trial.intake.take_in_once()
    assert (trial.evaluation.state, trial.evaluation.failure_code) == (EvaluationState.FAILED, "path_refused")
    assert "models/a.pth may not be read by this process (user " in str(trial.evaluation.failure_reason)


async def test_f10_what_may_pass_is_tried_again_with_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows why it waits and holds up no other; when there is no more patience it fails with the same reason."""
    trial, moments = Trial(tmp_path), iter([0.0, 59.0, 61.0])
    trial.intake = Intake(
        trial.evaluations, trial.intake.store, trial.models, trial.policies, patience=60, clock=lambda: next(moments)
    )
    monkeypatch.setattr("os.open", refuse(errno.EIO))
    for _ in range(2):
        await trial.intake.take_in_once()
        assert trial.evaluation.state is EvaluationState.RECEIVED
        assert trial.evaluation.waits_for == f"{FOR_MODEL}: models/a.pth: Input/output error"
    await trial.intake.take_in_once()
    assert (trial.evaluation.state, trial.evaluation.failure_code) == (EvaluationState.FAILED, "internal")
    assert "Input/output error; given up after 61 seconds" in str(trial.evaluation.failure_reason)


async def test_f10_one_model_that_cannot_be_read_just_now_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is waited for; once there is room, the model is taken in with the next one."""
    trial = Trial(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
        await trial.intake.take_in_once()
    assert "bytes free" in str(trial.evaluation.waits_for)
    other = trial.evaluations.add(received())
    await trial.intake.take_in_once()
    assert trial.evaluations.read(other.id).digest == trial.evaluation.digest is not None


async def test_a_model_larger_than_is_accepted_is_not_taken_in(tmp_path: Path) -> None:
    """It is refused by its size, before anything is copied."""
    trial = Trial(tmp_path)
    intake = Intake(trial.evaluations, trial.intake.store, trial.models, trial.policies, most_bytes=3)
    await intake.take_in_once()
    said = (trial.evaluation.failure_code, trial.evaluation.failure_reason)
    assert said == ("model_invalid", "models/a.pth has 7 bytes: at most 3 are accepted")
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize("written", ["models/a.pth", "nets/a.pth", "a.pth"])
async def test_f46_the_shorthand_does_not_depend_on_the_folders_name(tmp_path: Path, written: str) -> None:
    """`models/x.pth` is the file x.pth of the models folder, whatever that is called; so is its own name before it."""
    trial = Trial(tmp_path, model_path=written)
    nets = trial.models.rename(tmp_path / "nets")
    intake = Intake(trial.evaluations, trial.intake.store, nets, trial.policies)
    await intake.take_in_once()
    assert trial.evaluation.digest == hashlib.sha256(WEIGHTS).hexdigest()


class CancelledMeanwhile(FakeEvaluations):
    """An operator is always faster: whatever is read has been cancelled when it is changed."""

    async def without_model(self) -> list[Evaluation]:
        return self._cancel(await super().without_model())

    async def without_policy(self) -> list[Evaluation]:
        return self._cancel(await super().without_policy())

    def _cancel(self, found: list[Evaluation]) -> list[Evaluation]:
        for each in found:
            self.save(each.cancelled())
        return found


@pytest.mark.parametrize("known", [None, GatePolicy()])
async def test_g06_what_was_cancelled_meanwhile_is_let_be(tmp_path: Path, known: GatePolicy | None) -> None:
    """It has ended once, by the operator, and the loop goes on."""
    trial = Trial(tmp_path)
    rows = {trial.id: trial.evaluation, (waiting := trial.waits_for_policy()).id: waiting}
    evaluations, trial.policies.known = CancelledMeanwhile(rows), known
    intake = Intake(evaluations, trial.intake.store, trial.models, trial.policies)
    await intake.take_in_once()
    await intake.ask_once()
    assert {each.failure_code for each in evaluations.rows.values()} == {"cancelled"}
    assert sorted(evaluations.ends) == sorted(rows)
