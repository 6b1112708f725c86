"""The game library: games, players, models and the arena. Knows no service, database or bus."""
