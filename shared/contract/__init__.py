"""What the services say to each other: words, configurations, policies, evidence and events. Imports nothing else of the suite."""
