"""A network of the tests' own with all ports free, where the system allows one."""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


@contextmanager
def own_network() -> Iterator[bool]:
    """Move this thread, with the threads and processes that it starts, into a network with only loopback.

    Yield whether that worked: it needs root on Linux, and is impossible elsewhere.
    """
    before = _enter()
    try:
        yield before is not None
    finally:
        if before is not None:
            ctypes.CDLL(None).setns(before, CLONE_NEWNET)
            os.close(before)


def _enter() -> int | None:
    """Enter a new network. Return the old one, open, or None if that is impossible."""
    try:
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    except OSError:
        return None
    if ctypes.CDLL(None).unshare(CLONE_NEWNET):
        os.close(before)
        return None
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    return before
