"""A long run of the embedded suite under faults: what was acknowledged is counted against what was decided."""
