"""Which ports are free, and who holds those that are not."""

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

from workshop.defaults import default_ports

ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, never bound
HIGHEST_PORT = 65535
LOWEST_FREE, HIGHEST_FREE = 12_000, 32_000
ENDING_SECONDS = 0.3
_given: set[int] = set()


@dataclass(frozen=True)
class Owner:
    """Who holds a port; both are None for a process of another user, which the system keeps from view."""

    pid: int | None
    name: str | None

    def __str__(self) -> str:
        if self.pid is None:
            return "a process that this user may not see (another user's, or a container's)"
        return f"{self.name or 'a process'} (process {self.pid})"


class PortTaken(click.ClickException):
    """A port that is needed is held by somebody; the message names port, owner and variable."""

    def __init__(self, port: int, variable: str, host: str, owner: Owner) -> None:
        self.owner = owner
        self.other = _next_free(port, host)
        super().__init__(
            f"Port {port} on {host} is taken by {owner}. Stop it, or choose another port "
            f"with the variable {variable}: {variable}={self.other} is free."
        )


def port_from(variable: str, default: int | None = None) -> int:
    """The port an environment variable gives, else `default`, else the part's own default.

    Raises click.ClickException if it is no port.
    """
    text = os.environ.get(variable) or str(default or default_ports()[variable])
    if text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT:
        return int(text)
    raise click.ClickException(f"{variable}={text} is no port: give a number from 1 to {HIGHEST_PORT}.")


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` that nobody holds and no part has for itself; another one at each call in a process.

    It is none of those that the system gives to outgoing connections (32768 and up on Linux), as one of these
    could take it before the server that it is meant for is up.
    """
    while True:
        port = LOWEST_FREE + secrets.randbelow(HIGHEST_FREE - LOWEST_FREE)
        if _may_give(port, host):
            return port


def owner_of(port: int, host: str = "127.0.0.1") -> Owner | None:
    """Who keeps others from listening on `port` of `host`; None when it is free.

    Raises OSError when the port could not be had for another reason, such as a foreign address.
    """
    if not _taken(port, host):
        return None
    pids = _holders(port, host)
    if not pids:
        # Nobody to be seen may also be somebody who was about to end, or to begin.
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
    """Raise PortTaken when somebody holds `port`, or click.ClickException when it cannot be had at all."""
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
    """Raise click.ClickException when two parts that start together on one host have the same port."""
    variable_of: dict[int, str] = {}
    for variable, port in ports.items():
        if (other := variable_of.setdefault(port, variable)) != variable:
            raise click.ClickException(
                f"{other} and {variable} are both {port}: they must differ. "
                f"{variable}={_next_free(port, '127.0.0.1')} is free."
            )


def _next_free(port: int, host: str) -> int:
    """A free port in steps of 100, offered once."""
    for candidate in range(port + 100, HIGHEST_PORT + 1, 100):
        if _may_give(candidate, host):
            return candidate
    return free_port(host)


def _may_give(port: int, host: str) -> bool:
    """Whether the port is free and nobody else's, who may not be up yet; it is given away then."""
    if port in _given or port in _meant_for_parts() or _taken(port, host):
        return False
    _given.add(port)
    return True


def _meant_for_parts() -> set[int]:
    """Default ports, and those that the environment sets instead."""
    defaults = default_ports()
    set_here = {os.environ.get(variable, "") for variable in defaults}
    return {*defaults.values(), *(int(text) for text in set_here if text.isascii() and text.isdigit())}


def _taken(port: int, host: str) -> bool:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As servers do, so that lingering connections of one that ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    # macOS lets two bind one port when one of them has all addresses: see whether somebody answers.
    with socket.socket(family, kind, protocol) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(address) == 0


def _holders(port: int, host: str) -> list[int]:
    """Process ids of the sockets in the way, of listening ones if there are any."""
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
    """Local address, state and process id of each TCP socket on `port` whose process may be seen."""
    try:
        for entry in psutil.net_connections("tcp"):
            if entry.laddr and entry.laddr.port == port and entry.pid is not None:
                yield entry.laddr.ip, entry.status, entry.pid
    except psutil.AccessDenied:
        # macOS shows the whole table to root only; one's own processes may be asked one by one.
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                for own in process.net_connections("tcp"):
                    if own.laddr and own.laddr.port == port:
                        yield own.laddr.ip, own.status, process.pid
