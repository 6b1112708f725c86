"""The three services of the suite; none imports another."""
