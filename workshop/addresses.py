"""Addresses to listen on, and addresses at which clients on this machine reach a listener."""

import ipaddress
import os
import socket

import click

LOOPBACK = "127.0.0.1"
REACHABLE_AT = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - looked up, not bound
"""The address at which clients on this machine reach a server that listens on all addresses, by that address.
"""


def host_from(variable: str) -> str:
    """Return the address or name to listen on that an environment variable sets, 127.0.0.1 by default.

    IPv6 addresses may have brackets. Raises click.ClickException when it is not an address.
    """
    text = (os.environ.get(variable) or "").strip().removeprefix("[").removesuffix("]") or LOOPBACK
    try:
        found = socket.getaddrinfo(text, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.ClickException(
            f"{variable}={text} is not an address ({why}). Give an address of this machine, such as "
            f"{LOOPBACK}, ::1 or localhost, or 0.0.0.0 for all its addresses."
        ) from None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        # Old notations of addresses, such as 127.1 or 0, are no names.
        return str(found[0][4][0]) if text.replace(".", "").isdigit() else text


def is_ipv6(host: str) -> bool:
    """Return whether the host is an IPv6 address."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0] == socket.AF_INET6


def reachable_host(host: str) -> str:
    """Return the address at which clients on this machine reach a server that listens on `host`."""
    return REACHABLE_AT.get(host, host)


def host_in_url(host: str) -> str:
    """Return the same address as it is written in URLs."""
    found = reachable_host(host)
    return f"[{found}]" if ":" in found else found
