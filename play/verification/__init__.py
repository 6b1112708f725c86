"""Whether recorded games are what was really played, and whether a verdict follows from them."""
