"""What every service needs and no service owns: events, bus, outbox, inbox, database, artifacts, errors, settings."""
