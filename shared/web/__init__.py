"""What the HTTP side of every process has in common: application, problems, keys."""
