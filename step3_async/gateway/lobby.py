"""The lobby: connections that wait for a request or its body take no room of those who are served.

There is room for many; once it is full, whoever has waited longest goes, so that newcomers are never turned
away.
"""

import resource
from collections import OrderedDict
from typing import Protocol

ENOUGH_FILES = 65_536
SHARE = 2
"""The lobby may take one file in so many; the others are for calls to services."""


class Guest(Protocol):
    """A connection."""

    def show_out(self) -> None:
        """Close it."""


class Lobby:
    """Room for `most` connections, each of which has `seconds` for a head that it has begun."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self.seconds = most, seconds
        self._guests: OrderedDict[Guest, None] = OrderedDict()

    def enter(self, guest: Guest) -> None:
        """It waits from now on, if it does not yet."""
        self._guests.setdefault(guest)
        if len(self._guests) > self._most:
            longest = next(iter(self._guests))
            self.leave(longest)
            longest.show_out()

    def leave(self, guest: Guest) -> None:
        """It is served, or gone."""
        self._guests.pop(guest, None)


def room_for(wanted: int) -> int:
    """How many connections may wait, of so many `wanted`: as many as this process may have files for."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = ENOUGH_FILES if most == resource.RLIM_INFINITY else min(most, ENOUGH_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(1, min(wanted, files // SHARE))
