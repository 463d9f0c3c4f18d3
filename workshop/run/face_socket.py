"""The listening socket of a face that the instances of a service share."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from workshop.steps import Step

BACKLOG = 1024


@contextmanager
def face_socket(step: Step) -> Iterator[int | None]:
    """Open the socket inside the block and yield its file descriptor; None where no service shares it.

    The run holds the socket, so that no connection is refused while the instances behind it change: a
    connection that no instance has accepted yet waits for the next one.
    """
    if not any(service.is_face for service in step.services.values()):
        yield None
        return
    family, *_, address = socket.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM)[0]
    both = address[0] == "::" and socket.has_dualstack_ipv6()
    with socket.create_server(address[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both) as listening:
        yield listening.fileno()
