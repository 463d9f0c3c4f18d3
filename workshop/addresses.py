"""Addresses that something listens on, and those that it is found at."""

import ipaddress
import os
import socket

import click

HERE = "127.0.0.1"
FOUND_AT = {"0.0.0.0": HERE, "::": "::1"}  # noqa: S104 - looked up, not bound
"""Where on this machine one finds who listens at all its addresses."""


def host_from(variable: str) -> str:
    """The address or name that an environment variable gives to listen on; 127.0.0.1 where it gives none.

    IPv6 addresses may stand in brackets. Raises click.ClickException for what is no address at all.
    """
    text = (os.environ.get(variable) or "").strip().removeprefix("[").removesuffix("]") or HERE
    try:
        found = socket.getaddrinfo(text, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise click.ClickException(
            f"{variable}={text} is no address ({why}): give one of this machine's, such as {HERE}, ::1, "
            "localhost, or 0.0.0.0 for all of them."
        ) from None
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        # Old ways of writing one, such as 127.1 or 0, are no names.
        return str(found[0][4][0]) if text.replace(".", "").isdigit() else text


def is_ipv6(host: str) -> bool:
    """Whether it stands for an IPv6 address."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0] == socket.AF_INET6


def reachable(host: str) -> str:
    """Where one finds on this machine who listens on `host`."""
    return FOUND_AT.get(host, host)


def in_url(host: str) -> str:
    """The same as URLs have it."""
    found = reachable(host)
    return f"[{found}]" if ":" in found else found
