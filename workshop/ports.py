"""Finds free ports, and the processes that hold the others."""

import contextlib
import errno
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import click
import psutil

from workshop.default_ports import default_ports

ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, never bound
HIGHEST_PORT = 65535
LOWEST_FREE, HIGHEST_FREE = 12_000, 32_000
ENDING_SECONDS = 0.3
_reserved: set[int] = set()


@dataclass(frozen=True)
class Owner:
    """The process that holds a port. Both fields are None for a process of another user, which the system
    hides.
    """

    pid: int | None
    name: str | None

    def __str__(self) -> str:
        if self.pid is None:
            return "a process that this user may not see (of another user or in a container)"
        return f"{self.name or 'a process'} (process {self.pid})"


class PortTaken(click.ClickException):
    """A required port is taken. The message names the port, its owner and the variable to change."""

    def __init__(self, port: int, variable: str, host: str, owner: Owner) -> None:
        self.owner = owner
        self.other = _next_free(port, host)
        super().__init__(
            f"Port {port} on {host} is taken by {owner}. Stop it, or choose another port "
            f"with the variable {variable}: {variable}={self.other} is free."
        )


def port_from(variable: str, default: int | None = None) -> int:
    """Return the port that an environment variable sets, else `default`, else the default of that variable.

    Raises click.ClickException when it is not a port.
    """
    text = os.environ.get(variable) or str(default or default_ports()[variable])
    if text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT:
        return int(text)
    raise click.ClickException(f"{variable}={text} is not a port. Give a number from 1 to {HIGHEST_PORT}.")


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of `host` that nobody holds and that is no default port. Each call returns another, for
    about a minute in other processes too.

    It is outside the range that the system uses for outgoing connections (32768 and up on Linux), as a
    connection could take it before the server is up.
    """
    while True:
        port = LOWEST_FREE + secrets.randbelow(HIGHEST_FREE - LOWEST_FREE)
        if _reserve(port, host) and _leave_connection(port, host):
            return port


def owner_of(port: int, host: str = "127.0.0.1") -> Owner | None:
    """Return the process that keeps others from listening on `port` of `host`, None when the port is free.

    Raises OSError when the port cannot be opened for another reason, such as an address of another machine.
    """
    if not _taken(port, host):
        return None
    pids = _holders(port, host)
    if not pids:
        # Without a visible process, one may be about to end or to begin.
        time.sleep(ENDING_SECONDS)
        if not _taken(port, host):
            return None
        pids = _holders(port, host)
    if not pids:
        return Owner(None, None)
    # A server's workers share its socket; the oldest process is the one to stop.
    pid = min(pids)
    try:
        return Owner(pid, psutil.Process(pid).name())
    except psutil.Error:
        return Owner(pid, None)


def require_free(port: int, variable: str, host: str = "127.0.0.1") -> None:
    """Raise PortTaken when somebody holds `port`, or click.ClickException when it cannot be opened at all."""
    try:
        owner = owner_of(port, host)
    except OSError as error:
        why = error.strerror or str(error)
        host_variable = f"{variable.partition('_')[0]}_HOST"
        raise click.ClickException(
            f"Port {port} on {host} cannot be opened: {why}. "
            f"Choose another port with {variable}, or another address with {host_variable}."
        ) from None
    if owner is not None:
        raise PortTaken(port, variable, host, owner)


def require_distinct(ports: Mapping[str, int]) -> None:
    """Raise click.ClickException when two processes that start together on one host have the same port."""
    variable_of: dict[int, str] = {}
    for variable, port in ports.items():
        if (other := variable_of.setdefault(port, variable)) != variable:
            raise click.ClickException(
                f"{other} and {variable} are both {port}, but they must differ. "
                f"{variable}={_next_free(port, '127.0.0.1')} is free."
            )


def _next_free(port: int, host: str) -> int:
    """Return a free port that is a multiple of 100 higher. Each port is offered only once."""
    for candidate in range(port + 100, HIGHEST_PORT + 1, 100):
        if _reserve(candidate, host):
            return candidate
    return free_port(host)


def _reserve(port: int, host: str) -> bool:
    """Return whether the port is free and no process will need it. Then it is reserved."""
    if port in _reserved or port in _configured_ports() or _taken(port, host):
        return False
    _reserved.add(port)
    return True


def _leave_connection(port: int, host: str) -> bool:
    """Leave a closed connection in TIME_WAIT at the port; return whether that could be done.

    That keeps this function from succeeding again, in any process, but not servers, which use SO_REUSEADDR.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as server, socket.socket(family, kind, protocol) as client:
        try:
            server.bind(address)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after the test, for what is left
            server.listen()
        except OSError:
            return False
        client.connect(address)
        accepted, _ = server.accept()
        accepted.close()  # who closes first is left with TIME_WAIT
    return True


def _configured_ports() -> set[int]:
    """Return the default ports, and those that the environment sets instead."""
    defaults = default_ports()
    set_here = {os.environ.get(variable, "") for variable in defaults}
    return {*defaults.values(), *(int(text) for text in set_here if text.isascii() and text.isdigit())}


def _taken(port: int, host: str) -> bool:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # Servers do this too, so connections in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    # macOS lets two bind one port when one of them has all addresses, so try to connect.
    with socket.socket(family, kind, protocol) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(address) == 0


def _holders(port: int, host: str) -> list[int]:
    """Return the process ids of the sockets that hold the port, only of listening ones if there are any."""
    wanted = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    wanted |= {f"::ffff:{address}" for address in wanted}
    everywhere = bool(wanted & ANY_ADDRESS)
    found = [
        (status, pid)
        for address, status, pid in _local_sockets(port)
        if everywhere or address in wanted | ANY_ADDRESS
    ]
    listening = [pid for status, pid in found if status == psutil.CONN_LISTEN]
    return listening or [pid for _, pid in found]


def _local_sockets(port: int) -> Iterator[tuple[str, str, int]]:
    """Return the local address, state and process id of each TCP socket on `port` whose process is
    visible.
    """
    try:
        for entry in psutil.net_connections("tcp"):
            if entry.laddr and entry.laddr.port == port and entry.pid is not None:
                yield entry.laddr.ip, entry.status, entry.pid
    except psutil.AccessDenied:
        # macOS shows the whole table to root only, but each of the user's own processes.
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                for own in process.net_connections("tcp"):
                    if own.laddr and own.laddr.port == port:
                        yield own.laddr.ip, own.status, process.pid
