"""Ports on this machine's loopback."""

import socket

from devstack.voice import say

LOOPBACK = "127.0.0.1"


def free() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def choose(name: str, wanted: int) -> int:
    """Return `wanted`, or a free port if somebody has it, and say so."""
    if not _is_taken(wanted):
        return wanted
    port = free()
    say(f"Port {wanted} is taken, so {name} gets {port}.")
    return port


def _is_taken(port: int) -> bool:
    with socket.socket() as caller:
        # Binding alone may succeed beside somebody who listens on all interfaces.
        if caller.connect_ex((LOOPBACK, port)) == 0:
            return True
    with socket.socket() as probe:
        # Without this, the closed connections of our own last run would count for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False
