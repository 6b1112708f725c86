"""`ringrift-agent`, or `python -m services.distribution.agent`, serves the agent of one node."""

from services.distribution.agent.app import create_app
from services.distribution.agent.settings import AgentSettings
from shared.service.server import serve


def main() -> None:
    """Serve until a signal ends the process."""
    serve("agent", AgentSettings, lambda settings: settings.agent_port, create_app)


if __name__ == "__main__":
    main()
