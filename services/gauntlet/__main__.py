"""`python -m services.gauntlet` serves the gauntlet service."""

from services.gauntlet.app import create_app
from services.gauntlet.settings import GauntletSettings
from shared.service.server import serve

if __name__ == "__main__":
    serve("gauntlet", GauntletSettings, lambda settings: settings.gauntlet_port, create_app)
