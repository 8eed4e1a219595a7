"""What operations do at a terminal."""
