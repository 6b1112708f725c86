"""What `ringrift doctor` does: facts are asked for, checks read them, and each says what it found."""
