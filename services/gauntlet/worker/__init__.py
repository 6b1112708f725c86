"""The process that plays: one job in, messages out. Imports neither database nor bus."""
