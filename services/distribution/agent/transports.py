"""Which transport the agent has, by its settings and by what is installed."""

from __future__ import annotations

import httpx

from services.distribution.agent.http_ranges import HttpRanges
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.transport import Transport
from shared.process.logs import get_logger

SWARM_FOLDER = "swarm"
_log = get_logger(__name__)


def new_transport(settings: AgentSettings, client: httpx.AsyncClient, outside: httpx.AsyncClient) -> Transport:
    """The swarm where it is wanted and libtorrent is installed; ranges over HTTP otherwise, which is said."""
    http = HttpRanges(client, outside)
    if settings.agent_transport == "http":
        return http
    try:
        from services.distribution.agent.swarm.session import Limits
        from services.distribution.agent.swarm.transport import Swarm
    except ImportError as error:
        _log.info("no swarm", error=str(error), instead="models are fetched over HTTP", install="ringrift-suite[swarm]")
        return http
    limits = Limits(
        settings.host, settings.agent_swarm_port, settings.agent_swarm_connections,
        settings.agent_upload_bytes, settings.agent_download_bytes,
    )  # fmt: skip
    folder = settings.agent_dir / SWARM_FOLDER
    return Swarm(http, client, settings.distribution_url, folder, limits, settings.agent_stall_seconds)
