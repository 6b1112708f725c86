"""`python -m services.distribution` serves the distribution service."""

from services.distribution.app import create_app
from services.distribution.settings import DistributionSettings
from shared.service.server import serve

if __name__ == "__main__":
    serve("distribution", DistributionSettings, lambda settings: settings.distribution_port, create_app)
