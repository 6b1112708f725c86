"""A model of another family's game goes the whole way: announced, evaluated, promoted, and on every node under its key."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from cli.main import app
from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.formats.checkpoint import checkpoint_bytes
from shared.storage.files import digest_of
from tests.kit.operator import running_suite

pytest.importorskip("pyspiel", reason="needs the extra openspiel")
BOARD, KEY = "openspiel:hex(board_size=5)", "openspiel-hex-board_size-5_2p"


def write_model(path: Path) -> None:
    """A checkpoint of the project's own, made for the game."""
    torch.manual_seed(1)
    game, parameters = get_game(BOARD, 2), {"blocks": 1, "channels": 4}
    network = build_network("resnet", parameters, game).eval()
    path.write_bytes(checkpoint_bytes(network, game, "resnet", parameters, version="1", trained_at=datetime.now(UTC)))


def test_a_model_of_openspiels_hex_reaches_every_node() -> None:
    """Its configuration is one like any other; nobody has to be told more than its name."""
    with running_suite({"SKIP_GAUNTLET": "true"}) as operator:
        suite = operator.suite
        write_model(suite.models / "hex5.pth")
        words = [
            "announce",
            "--model",
            "models/hex5.pth",
            "--board-type",
            BOARD,
            "--num-players",
            "2",
            "--no-digest",
            "--json",
        ]
        told = CliRunner().invoke(app, [*words, "--gauntlet-url", suite.addresses.url("gauntlet")])
        assert json.loads(told.stdout)["configuration"] == KEY, told.output
        digest = digest_of(suite.models / "hex5.pth")

        def delivered() -> bool:
            nodes = operator.get("distribution", f"/v1/configurations/{KEY}/availability") or {}
            return bool(nodes) and all(node["digest"] == digest for node in nodes.values())

        operator.eventually(delivered)
        assert operator.get("promotion", f"/v1/configurations/{KEY}/canonical")["digest"] == digest
        operator.eventually(lambda: (suite.models / f"canonical_{KEY}.pth").exists())
        [promoted] = operator.events("promotion", "MODEL_PROMOTED")
        assert (promoted["subject"], promoted["data"]["board_type"]) == (KEY, BOARD)
