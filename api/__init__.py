"""How people talk to us: JSON over HTTP."""
