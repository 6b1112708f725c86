"""Networks: how they are built, read from files, and asked."""
