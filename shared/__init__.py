"""What all services need, one room for each kind of thing; imports no service and no game."""
