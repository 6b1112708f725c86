"""The `ringrift` command: the operator's door to the suite, and the embedded suite it can start."""
