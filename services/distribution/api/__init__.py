"""The routes of the distribution service, one file for each noun: HTTP in, HTTP out, nothing else."""
