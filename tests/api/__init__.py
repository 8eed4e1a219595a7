"""The HTTP front: what it lets in, what it answers, and that it always answers."""
