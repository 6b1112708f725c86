"""A source of models that never ends a transfer, or never begins one."""

from pathlib import Path

import pytest

from services.distribution.agent.fetch import Fetcher
from services.distribution.agent.http_ranges import HttpRanges
from services.distribution.agent.schemas import ModelOrder
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.store import ModelStore
from shared.process.http_client import new_client
from tests.kit.hostile import hostile
from tests.kit.waiting import async_until

DIGEST = "a" * 64
SAYS = {
    "slow-body": "the transfer was not complete after 1 s",
    "slow-head": "the answer was not complete after 0.5 s",
    "gzip-bomb": "the answer is encoded",
    "endless": "sent more than the 4096 bytes",
}


@pytest.mark.parametrize("kind", SAYS)
async def test_f59_transfers_end_whatever_answers_come(kind: str, tmp_path: Path) -> None:
    """Each is given up with a reason that the node reports, so that it holds up no other transfer."""
    with hostile(kind) as url:
        settings = AgentSettings(agent_node="node-1", distribution_url=url)
        async with new_client(settings) as client:
            fetcher = Fetcher(ModelStore(tmp_path), HttpRanges(client, silence_seconds=0.5))
            order = ModelOrder(version=1, digest=DIGEST, size=4096, source=f"{url}/v1/artifacts/{DIGEST}")
            await fetcher.start("hex8_2p", order)

            async def failed() -> str | None:
                return fetcher.progress["hex8_2p"].error

            assert SAYS[kind] in str(await async_until(failed, 10))
            await fetcher.close()
