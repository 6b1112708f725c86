"""RingRift: the rules as small compiled functions over arrays, readable and runnable as plain Python."""
