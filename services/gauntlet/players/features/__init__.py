"""What the heuristic player sees in a RingRift position, and how it weighs it."""
