"""How events travel: outbox, bus, feed and inbox, with their tables."""
