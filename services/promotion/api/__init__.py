"""The promotion service's routes, one file for each noun; the runbook's stay exactly as it prints them."""
