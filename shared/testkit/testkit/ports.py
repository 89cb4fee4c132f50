"""Free ports on this machine."""

import socket
from collections.abc import Iterator

from testkit.unavailable import Unavailable

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on now. Whoever takes it should be ready to lose a race for it."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


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
