"""Whether an instance's ponds are filled: until then its verbs would give half an answer."""

import time
from collections.abc import Sequence

from kit.http.problems import Problem
from step3_async.rapids.hosting.host import Host
from step3_async.rapids.pond import Pond

PATIENCE = 30.0
"""Seconds that the rapids may be away at a start. From then on ponds that were whole once serve: that they
lag is no reason to serve nothing.
"""


class Filled:
    """Whether all there was to take at the start of the instance has been taken into `ponds`."""

    def __init__(self, host: Host, ponds: Sequence[Pond]) -> None:
        self._host, self._ponds = host, ponds
        self._began = time.monotonic()

    def __call__(self) -> bool:
        """Whether it is so by now; False, too, while nobody can tell."""
        if self._host.ready:
            return True
        is_late = time.monotonic() - self._began > PATIENCE
        return is_late and not self._host.connected and self._are_whole()

    def _are_whole(self) -> bool:
        try:
            places = [pond.snapshots.get(pond.domain) for pond in self._ponds]
        except Problem:
            return False
        return all(place is not None and place.complete for place in places)
