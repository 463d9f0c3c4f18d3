"""How gunicorn serves instances that are in the registry. A configuration file imports these names and sets
`bind`.
"""

from typing import Any

from kit.server import config as serving
from kit.server.config import *  # noqa: F403
from step3_async.rapids.hosting.host import EXTENSION
from step3_async.rapids.hosting.leaving import leave_before_draining

workers = 1
"""Each instance is in the registry by its own name; who needs more starts another one."""


def post_worker_init(worker: Any) -> None:  # type: ignore[no-redef]
    """Have a worker that is told to stop leave the registry first."""
    serving.post_worker_init(worker)
    leave_before_draining(worker.wsgi.extensions[EXTENSION].leave)


def worker_exit(_server: Any, worker: Any) -> None:
    """End what a worker does beside answering requests."""
    if worker.wsgi is not None:
        worker.wsgi.extensions[EXTENSION].stop()
