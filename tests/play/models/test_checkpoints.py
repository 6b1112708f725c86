"""Checkpoint files: what is written is read again, and everything else gets one clear answer."""

import pickle
import resource
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch

from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.formats.checkpoint import load_checkpoint
from play.models.formats.format import CheckpointError, CheckpointMissingError
from services.gauntlet.worker.job import JobFailed
from tests.kit.checkpoints import save_checkpoint
from tests.kit.jobs import make_job, messages_of
from tests.play.models.broken import (
    PARAMETERS,
    Code,
    bare_pickle,
    bomb,
    changed,
    claiming_terabytes,
    good_checkpoint,
    layer_of,
    saved,
    with_layer,
    without,
)

NEVER_READ = "holds more than weights"
BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "empty": (lambda path: cut(path, 0.0), "an empty file"),
    "truncated": (lambda path: cut(path, 0.6), "truncated"),
    "last byte missing": (lambda path: cut(path, 0.9999), "truncated"),
    "text": (lambda path: text(path), "it is text, which begins with 'not a model'"),
    "folder": (lambda path: folder(path), "it is a folder"),
    "zip of something else": (lambda path: saved(path, [1, 2, 3]), "not in the format"),
    "old format": (lambda path: saved(path, {"format": 1}, as_zip=False), "a legacy torch file"),
    "unpacks to too much": (bomb, "its zip is compressed"),
    "code in a field": (lambda path: changed(path, elo=Code(path.with_suffix(".ran"))), NEVER_READ),
    "code as weights": (lambda path: with_layer(path, Code(path.with_suffix(".ran"))), NEVER_READ),
    "code alone": (lambda path: bare_pickle(path, path.with_suffix(".ran")), "a bare pickle"),
    "whole network": (lambda path: saved(path, torch.nn.Linear(2, 2)), NEVER_READ),
    "another format": (lambda path: changed(path, format="ringrift-checkpoint-v9"), "not in the format"),
    "no weights": (lambda path: without(path, "state_dict"), "lacks state_dict"),
    "no board type": (lambda path: without(path, "board_type"), "lacks board_type"),
    "other board": (lambda path: good_checkpoint(path, "square8"), "is for square8 with 2 players: expected hex8"),
    "other players": (lambda path: good_checkpoint(path, "hex8", 3), "hex8 with 3 players: expected hex8 with 2"),
    "players as float": (lambda path: changed(path, num_players=2.0), "num_players is a float, expected int"),
    "players as bool": (lambda path: changed(path, num_players=True), "num_players is a bool, expected int"),
    "board as number": (lambda path: changed(path, board_type=8), "board_type is a int, expected str"),
    "NaN": (lambda path: with_layer(path, layer_of(path) * float("nan")), "policy.weight are not finite"),
    "infinite": (lambda path: with_layer(path, layer_of(path) / 0), "policy.weight are not finite"),
    "infinite once narrowed": (
        lambda path: with_layer(path, layer_of(path).double() * 1e300),
        "policy.weight are not finite",
    ),
    "wrong shape": (lambda path: with_layer(path, torch.zeros(3, 3)), "shape [3, 3], expected torch.float32 of shape"),
    "wrong kind": (lambda path: with_layer(path, layer_of(path).int()), "is torch.int32"),
    "complex": (lambda path: with_layer(path, layer_of(path).to(torch.complex64)), "is torch.complex64"),
    "no tensor": (lambda path: with_layer(path, [1.0]), "no plain tensor policy.weight"),
    "sparse": (lambda path: with_layer(path, layer_of(path).to_sparse()), "no plain tensor policy.weight"),
    "without data": (lambda path: with_layer(path, layer_of(path).to("meta")), "no plain tensor policy.weight"),
    "unknown entry": (
        lambda path: changed(path, state_dict={**state_of(path), "more": torch.zeros(1)}),
        "1 unknown entries, the first is more",
    ),
    "unknown architecture": (lambda path: changed(path, architecture="transformer"), "choose one of mlp, resnet"),
    "architecture as list": (lambda path: changed(path, architecture=["mlp"]), "architecture is a list"),
    "missing parameter": (lambda path: changed(path, parameters={"hidden": 8}), "exactly the parameters"),
    "parameter as text": (lambda path: changed(path, parameters={"hidden": "8", "layers": 1}), "expected an integer"),
    "absurd parameter": (lambda path: changed(path, parameters={"hidden": 10**15, "layers": 1}), "4 to 2048"),
    "too many weights": (
        lambda path: changed(path, architecture="resnet", parameters={"blocks": 40, "channels": 512}),
        "at most 50000000 are accepted",
    ),
    "terabytes claimed by shape": (
        lambda path: with_layer(path, torch.zeros(1).expand(10**12)),
        "of shape [1000000000000], expected",
    ),
    "terabytes claimed by index": (
        claiming_terabytes,
        "its index claims 40000000000000 bytes of numbers where the file has",
    ),
    "version as list": (lambda path: changed(path, version=[1]), "version is not as it should be"),
    "long version": (lambda path: changed(path, version="1" * 300), "version is not as it should be"),
    "time as number": (lambda path: changed(path, trained_at=5), "trained_at is not as it should be"),
    "time without zone": (
        lambda path: changed(path, trained_at="2026-01-01T00:00:00"),
        "trained_at is not as it should be",
    ),
    "elo as text": (lambda path: changed(path, elo="high"), "elo is not as it should be"),
    "elo not finite": (lambda path: changed(path, elo=float("inf")), "elo is not as it should be"),
    "elo too large": (lambda path: changed(path, elo=10**400), "elo is not as it should be"),
}


def cut(path: Path, share: float) -> Path:
    """The first part of a good checkpoint."""
    data = good_checkpoint(path).read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def text(path: Path) -> Path:
    """A file of words."""
    path.write_text("not a model")
    return path


def folder(path: Path) -> Path:
    """A folder where a file should be."""
    path.mkdir()
    return path


def state_of(path: Path) -> dict[str, torch.Tensor]:
    """A good checkpoint's state dict."""
    state: dict[str, torch.Tensor] = torch.load(good_checkpoint(path), weights_only=True)["state_dict"]
    return state


@pytest.mark.parametrize("case", BAD)
def test_g18_a_bad_file_is_refused_with_one_code_and_its_reason(case: str, tmp_path: Path) -> None:
    """The job fails as `model_invalid`, says which file and why, and nothing in the file runs."""
    make, reason = BAD[case]
    path = make(tmp_path / "candidate.pth")
    messages = messages_of(make_job(path))
    assert [type(each) for each in messages] == [JobFailed]
    (message,) = messages
    assert isinstance(message, JobFailed)
    assert message.code == "model_invalid"
    assert str(path) in message.reason
    assert reason in message.reason
    assert len(message.reason) < 1000
    assert not path.with_suffix(".ran").exists()


def test_the_code_would_run_for_a_careless_reader(tmp_path: Path) -> None:
    """The files of the cases above are armed: read without care, they do run."""
    path = bare_pickle(tmp_path / "armed.pth", tmp_path / "armed.ran")
    torch.load(changed(tmp_path / "field.pth", elo=Code(tmp_path / "field.ran")), weights_only=False)
    pickle.loads(path.read_bytes())
    assert (tmp_path / "armed.ran").exists()
    assert (tmp_path / "field.ran").exists()


def test_g18_a_missing_file_has_a_code_of_its_own(tmp_path: Path) -> None:
    """No file is `model_not_found`, whatever else lies in the folder: no other model is taken for it."""
    good_checkpoint(tmp_path / "other.pth")
    (message,) = messages_of(make_job(tmp_path / "none.pth"))
    assert isinstance(message, JobFailed)
    assert message.code == "model_not_found"
    with pytest.raises(CheckpointMissingError, match="none.pth"):
        load_checkpoint(tmp_path / "none.pth", get_game("hex8", 2))


def test_absurd_claims_cost_no_memory(tmp_path: Path) -> None:
    """Refusing files that claim terabytes takes less than 64 MiB."""
    paths = [BAD[case][0](tmp_path / f"{case}.pth") for case in BAD if "terabytes" in case or "absurd" in case]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in paths:
        with pytest.raises(CheckpointError):
            load_checkpoint(path, get_game("hex8", 2))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """Weights and metadata come back as they were; equal arguments give equal bytes."""
    game = get_game("hex8", 2)
    network = build_network("mlp", PARAMETERS, game)
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for name in ("one.pth", "two.pth"):
        save_checkpoint(
            tmp_path / name, network, game, "mlp", PARAMETERS, version="7", trained_at=moment, elo=1200.0
        )  # fmt: skip
    assert (tmp_path / "one.pth").read_bytes() == (tmp_path / "two.pth").read_bytes()
    read = load_checkpoint(tmp_path / "one.pth", game)
    assert (read.metadata.version, read.metadata.trained_at, read.metadata.elo) == ("7", moment, 1200.0)
    assert not read.network.training
    for name, weight in network.state_dict().items():
        assert torch.equal(read.network.state_dict()[name], weight)


def test_g02_a_canonical_file_is_never_written(tmp_path: Path) -> None:
    """Saving under a canonical name is refused and leaves the file that is there as it was."""
    canonical = tmp_path / "canonical_hex8_2p.pth"
    canonical.write_bytes(b"the ledger's")
    with pytest.raises(ValueError, match="promotion service"):
        good_checkpoint(canonical)
    assert canonical.read_bytes() == b"the ledger's"
    assert list(tmp_path.iterdir()) == [canonical]


def test_g02_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails before the rename, the path holds the old checkpoint and nothing is left beside it."""
    path = good_checkpoint(tmp_path / "model.pth")
    before = path.read_bytes()

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        save_other(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def save_other(path: Path) -> None:
    """A checkpoint that differs from the good one."""
    game = get_game("hex8", 2)
    network = build_network("mlp", PARAMETERS, game)
    save_checkpoint(path, network, game, "mlp", PARAMETERS, version="2", trained_at=datetime(2026, 1, 2, tzinfo=UTC))


def test_weights_that_are_not_finite_are_not_written(tmp_path: Path) -> None:
    """A training run that went wrong leaves no file."""
    game = get_game("hex8", 2)
    network = build_network("mlp", PARAMETERS, game)
    torch.nn.init.constant_(network.get_parameter("policy.weight"), float("nan"))
    with pytest.raises(ValueError, match="not finite"):
        save_checkpoint(
            tmp_path / "broken.pth", network, game, "mlp", PARAMETERS, version="1", trained_at=datetime.now(UTC)
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
