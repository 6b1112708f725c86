"""A database that is dumped and restored into another cluster, where transactions count from the start."""

from __future__ import annotations

from tests.chaos.faults import restored
from tests.kit.operator import Operator


async def test_f02_a_restored_database_loses_nothing_and_the_loop_goes_on(operator: Operator) -> None:
    """What was promoted stays, every service reads on, and the next training is played, promoted and delivered."""
    await operator.publish(operator.training_completed("trained"))
    assert operator.delivered("trained")["version"] == 1
    restored(operator.suite)
    await operator.publish(operator.training_completed("successor"))
    assert operator.delivered("successor")["version"] == 2
    assert len(operator.events("promotion", "MODEL_PROMOTED")) == 2
