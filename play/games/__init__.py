"""Games behind one seam: a batch of games is the unit, one `Game` object a configuration and profile."""
