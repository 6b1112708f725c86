"""Names of the runbook: `from app.training.promotion_controller import PromotionController`."""
