"""Those who choose moves: random, heuristic, a network alone, a network with search."""
