"""The metrics of a process and its fellow workers in Prometheus's text format.

With PROMETHEUS_MULTIPROC_DIR set to an empty folder before the first import, the workers of one server count
together; without it each process counts alone.
"""

import os
from pathlib import Path
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector


class _AllWorkers(MultiProcessCollector):
    """The library's collector, for folders of any name: the library reads brackets in one as a pattern."""

    def collect(self) -> Any:
        """Collect what all workers have counted."""
        files = [str(path) for path in Path(self._path).glob("*.db")]
        return self.merge(files, accumulate=True)  # type: ignore[no-untyped-call]


def exposition() -> tuple[bytes, str]:
    """Return all metrics, and their content type."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        _AllWorkers(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
