"""The settings of gunicorn for our processes. A configuration file imports these names and sets `bind`."""

import glob
import os
import socket
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from kit.http.proxies import TrustedProxies
from kit.server.gc import freeze_gc
from kit.settings import (
    DatabaseSettings,
    LimitSettings,
    MailSettings,
    PictureSettings,
    TrustSettings,
    is_given,
)

worker_class = "kit.server.worker.BufferingWorker"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
timeout = 30
graceful_timeout = 10
keepalive = 15
accesslog = os.environ.get("ACCESS_LOG")
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
"""`kit.http.proxies` decides which proxies to trust; gunicorn would trust every process on this machine."""

control_socket_disable = True
"""Instances of one user would share the same control socket."""


def on_starting(_server: Any) -> None:
    """Check the settings before workers start, and remove the metrics of those of an earlier server. Raises
    RuntimeError, which gunicorn prints in one line.
    """
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for old in Path(folder).glob("*.db"):
            old.unlink()
    if is_given("MONGODB_URI"):  # a face that is a client of services has none
        DatabaseSettings.read()
    for each in (MailSettings, LimitSettings, PictureSettings):
        each.read()
    try:
        TrustedProxies(TrustSettings.read().proxies)
    except ValueError as problem:
        raise RuntimeError(str(problem)) from None


def post_worker_init(_worker: Any) -> None:
    """Freeze the objects of the application, which is now made (see `gc`)."""
    freeze_gc()


def child_exit(_server: Any, worker: Any) -> None:
    """Keep the metrics of a worker that has ended."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid, glob.escape(folder))  # type: ignore[no-untyped-call]


def address(step: int, port_variable: str, port: int) -> str:
    """Return the address to bind: a step's host, an address or a name, and the port that a variable sets."""
    host = os.environ.get(f"STEP{step}_HOST") or "127.0.0.1"
    chosen = os.environ.get(port_variable) or port
    # gunicorn takes a name for that of an IPv4 address.
    found = str(socket.getaddrinfo(host, chosen, type=socket.SOCK_STREAM)[0][4][0])
    return f"[{found}]:{chosen}" if ":" in found else f"{found}:{chosen}"
