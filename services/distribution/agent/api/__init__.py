"""The routes of the agent, one file for each noun: HTTP in, HTTP out, nothing else."""
