"""The import names that the operators' runbook prints. Thin: everything goes over HTTP to the running suite's front door."""
