"""How gunicorn serves step 0."""

import os
from typing import Any

from prometheus_client import multiprocess

bind = f"{os.environ.get('STEP0_HOST', '127.0.0.1')}:{os.environ.get('STEP0_PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 30
graceful_timeout = 10
keepalive = 15
accesslog = os.environ.get("ACCESS_LOG")
# Instances of one user would share the same control socket.
control_socket_disable = True


def child_exit(_server: Any, worker: Any) -> None:
    """Keep the counts of a worker that has ended."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)
