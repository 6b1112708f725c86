"""Brings every canonical version to every node, and knows by name which nodes lack it."""
