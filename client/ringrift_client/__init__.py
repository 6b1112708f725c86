"""What a program imports to ask a running suite; needs httpx and the standard library only."""
