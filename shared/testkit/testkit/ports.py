"""Free ports on this machine."""

import secrets
import socket
from collections.abc import Iterator

from testkit.unavailable import Unavailable

HOST = "127.0.0.1"
LOWEST = 15_000
LENT_FROM = 32_000


def free_port() -> int:
    """A port that nobody listens on now. Whoever takes it should be ready to lose a race for it.

    Below those that the system lends to outgoing connections: one of these could take a server's port while it is
    down, and a client that tries again and again to reach it can even end up connected to itself.
    """
    for _ in range(1000):
        port = LOWEST + secrets.randbelow(LENT_FROM - LOWEST)
        if is_free(port):
            return port
    raise Unavailable(f"No port between {LOWEST} and {LENT_FROM} is free: stop programs that you do not need.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Like the servers themselves: connections that linger after a stop do not keep a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


class PortLostError(Exception):
    """Somebody took the port between our look and the server's own."""


def require_free(port: int) -> None:
    """Refuses a wanted port that is taken; 0 wants none."""
    if port and not is_free(port):
        raise port_taken(port)


def port_taken(port: int) -> Unavailable:
    return Unavailable(f"Port {port} is taken by another program: stop that one or choose another port.")


def candidates(port: int, *, last: int, tries: int = 3) -> Iterator[int]:
    """Ports to try: the wanted one alone if one is wanted, else the last one if it is free, then any."""
    if port:
        yield port
        raise port_taken(port)
    if last and is_free(last):
        yield last
    for _ in range(tries):
        yield free_port()
    raise Unavailable("Every port tried was taken by another program at once: start again.")
