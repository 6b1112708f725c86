"""The ways in which the runbook's commands about promotion can end, as an operator types them."""

from tests.contract.conftest import HEX8, Operator

AUTO_PROMOTE = """python scripts/auto_promote.py --gauntlet \\
  --model models/my_model.pth \\
  --board-type hex8 --num-players 2 \\
  --games 50 {}"""
FORCE = """python scripts/auto_promote.py --force \\
  --model models/my_model.pth \\
  --board-type hex8 --num-players 2"""
PROGRAM = """
import asyncio
from app.training.promotion_controller import PromotionController

controller = PromotionController()

async def main():
    result = await controller.evaluate_and_promote(
        model_path="models/my_model.pth",
        board_type="hex8",
        num_players=2,
        gauntlet_games=50,
    )

    if result.promoted:
        print(f"Model promoted to: {result.canonical_path}")
    else:
        print(f"Promotion failed: {result.failure_reason}")

asyncio.run(main())
"""


def test_auto_promote_names_the_nodes_that_lack_the_model(operator: Operator) -> None:
    """A node that cannot be reached is an error that names it, after RINGRIFT_DISTRIBUTION_TIMEOUT seconds."""
    operator.has("my_model.pth", b"mine!")
    operator.distribution.lacking = "node-2"
    operator.environment["RINGRIFT_DISTRIBUTION_TIMEOUT"] = "0.5"
    said = operator.types(AUTO_PROMOTE.format("--sync-to-cluster"), code=3)
    assert "node-2 (connection refused)" in said
    assert operator.get(f"{HEX8}/canonical")["version"] == 1


def test_auto_promote_dry_run_promotes_nothing(operator: Operator) -> None:
    """A dry run exits 0 for a model that would be promoted and 1 for one that would not; nothing is canonical after it."""
    operator.has("my_model.pth", b"mine!")
    assert "would be promoted" in operator.types(AUTO_PROMOTE.format("--dry-run"))
    operator.gauntlet.wins = 10
    assert "refused" in operator.types(AUTO_PROMOTE.format("--dry-run"), code=1)
    assert operator.get(f"{HEX8}/canonical")["status"] == 404


def test_auto_promote_tells_refusal_from_error(operator: Operator) -> None:
    """A refused model exits 1 with the reason; a missing file, a wrong address or contradicting flags exit 2."""
    operator.has("my_model.pth", b"mine!")
    operator.gauntlet.wins = 20
    assert "win rate 40.0%, can no longer reach the required 85%" in operator.types(AUTO_PROMOTE.format(""), code=1)
    missing = FORCE.replace("my_model", "none")
    assert "there is no model file models/none.pth" in operator.types(missing, code=2)
    assert "goes with neither" in operator.types(FORCE + " --gauntlet", code=2)
    operator.environment["RINGRIFT_PROMOTION_URL"] = "http://127.0.0.1:9"
    assert "cannot be reached" in operator.types(FORCE, code=2)


def test_ringrift_promote_is_the_same(operator: Operator) -> None:
    """The command and the script are one."""
    operator.has("my_model.pth", b"mine!")
    said = operator.types("ringrift promote --model models/my_model.pth --board-type hex8 --num-players 2")
    assert "now canonical version 1" in said


def test_the_programmatic_interface(operator: Operator) -> None:
    """PromotionController promotes, or says why not."""
    operator.has("my_model.pth", b"mine!")
    assert operator.runs_python(PROGRAM) == "Model promoted to: models/canonical_hex8_2p.pth\n"
    operator.has("my_model.pth", b"other")
    operator.gauntlet.wins = 10
    assert operator.runs_python(PROGRAM).startswith("Promotion failed: random: 50 of 50 games played, win rate 20.0%")
