"""Call several services at the same time."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import MappingProxyType
from typing import TypeVar

from kit.http.gaps import note_gap
from kit.http.problems import DependencyTimeout, DependencyUnavailable

Response = TypeVar("Response")

AT_ONCE = 32
NO_OTHERS: Mapping[str, str] = MappingProxyType({})


class ParallelCalls:
    """A pool of threads for all requests of a process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="parallel")

    def run(
        self, calls: Mapping[str, Callable[[], Response]], services: Mapping[str, str] = NO_OTHERS
    ) -> dict[str, Response]:
        """Make the calls, one at least, and return their responses by name: that of the service which is
        called, or another that `services` has the service of.

        A service that is away is left out, and noted as a gap. Raises all other Problems.
        """
        # The first is made in this thread, which would only wait otherwise.
        own, *others = calls
        # Each call knows the request that it is made for: its id, and the versions that it names.
        pooled = {name: self._pool.submit(copy_context().run, calls[name]).result for name in others}
        responses: dict[str, Response] = {}
        for name, result in {own: calls[own], **pooled}.items():
            try:
                responses[name] = result()
            except (DependencyUnavailable, DependencyTimeout):
                note_gap(f"The {services.get(name, name)} service")
        return responses
