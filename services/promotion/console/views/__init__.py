"""A module for each page, found by its `router`: it asks the use cases and fills its template, and nothing else."""
