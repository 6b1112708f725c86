"""Network architectures by name: what a checkpoint may ask to be built."""
