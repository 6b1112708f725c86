"""`python -m services.promotion` serves the promotion service."""

from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.service.server import serve

if __name__ == "__main__":
    serve("promotion", PromotionSettings, lambda settings: settings.promotion_port, create_app)
