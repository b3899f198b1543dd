"""Files as operators see them: who names them, which nobody names, and carrying them to another storage."""
