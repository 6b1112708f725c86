"""Names of the runbook: `from app.coordination.unified_distribution_daemon import check_model_availability`."""
