"""Runs on every node: fetches the versions it is told to hold, and reports what is on its disk."""
