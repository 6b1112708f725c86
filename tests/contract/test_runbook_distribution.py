"""The runbook's commands about distribution that go through the front door, as an operator types them."""

from tests.contract.conftest import HEX8, Operator

FORCE = "python scripts/auto_promote.py --force --model models/{} --board-type hex8 --num-players 2"
DISTRIBUTE = """curl -s -X POST http://localhost:8770/admin/distribute-model \\
  -H "Content-Type: application/json" \\
  -d '{"model_path": "models/canonical_hex8_2p.pth"}'"""
RESTORE = """
# Restore from backup
cp models/backup/canonical_hex8_2p.pth.bak models/canonical_hex8_2p.pth

# Update symlink
ln -sf canonical_hex8_2p.pth models/ringrift_best_hex8_2p.pth

# Trigger redistribution
curl -s -X POST http://localhost:8770/admin/distribute-model \\
  -d '{"model_path": "models/canonical_hex8_2p.pth", "force": true}'
"""
AVAILABILITY = """
from app.coordination.unified_distribution_daemon import check_model_availability
availability = check_model_availability('canonical_hex8_2p.pth')
for node, has_model in availability.items():
    print(f'{node}: {"OK" if has_model else "MISSING"}')
"""
# Printed with a bare `await`, which Python takes only inside a coroutine.
WAIT = """
import asyncio
from app.coordination.unified_distribution_daemon import wait_for_model_distribution
asyncio.run(wait_for_model_distribution('canonical_hex8_2p.pth', timeout=300))
print('Distribution complete')
"""


def test_force_distribution_of_a_model(operator: Operator) -> None:
    """The canonical file's configuration is delivered again."""
    operator.has("a.pth", b"first")
    operator.types(FORCE.format("a.pth"))
    operator.waits_for_file("ringrift_best_hex8_2p.pth", b"first")
    assert '"version":1' in operator.types(DISTRIBUTE)
    [(path, body)] = operator.distribution.asked
    assert (path, body["configuration"], body["version"]) == ("/admin/distribute-model", "hex8_2p", 1)


def test_which_nodes_have_the_model(operator: Operator) -> None:
    """Availability is by node and by its own report, and waiting ends when every node has it."""
    operator.has("a.pth", b"first")
    operator.types(FORCE.format("a.pth"))
    operator.distribution.lacking = "node-2"
    assert operator.runs_python(AVAILABILITY) == "node-1: OK\nnode-2: MISSING\n"
    operator.distribution.lacking = ""
    assert operator.runs_python(AVAILABILITY) == "node-1: OK\nnode-2: OK\n"
    assert operator.runs_python(WAIT) == "Distribution complete\n"


def test_g10_restoring_the_former_model(operator: Operator) -> None:
    """The runbook's fix for a wrong model makes the former bytes a new and higher version."""
    for content in (b"first", b"wrong"):
        operator.has("a.pth", content)
        operator.types(FORCE.format("a.pth"))
        operator.waits_for_file("ringrift_best_hex8_2p.pth", content)
    assert '"version":3' in operator.types(RESTORE)
    canonical = operator.get(f"{HEX8}/canonical")
    versions = operator.get(f"{HEX8}/versions")["items"]
    assert (canonical["version"], canonical["kind"]) == (3, "rollback")
    assert canonical["digest"] == versions[-1]["digest"]
    operator.waits_for_file("canonical_hex8_2p.pth", b"first")
    operator.waits_for_file("backup/canonical_hex8_2p.pth.bak", b"wrong")
