"""`python -m step3_async.sync.capture`: an instance of capture, as the environment describes it."""

import sys

import uvicorn

from kit.logs import configure_logs
from kit.server.gc import freeze_gc
from kit.settings import DatabaseSettings, ServiceSettings
from step3_async.rapids.connect import connect
from step3_async.rapids.hosting.settings import get_own_url
from step3_async.rapids.tracing import configure_tracing
from step3_async.sync.capture import settings
from step3_async.sync.capture.app import make_app
from step3_async.sync.capture.capture import Capture
from step3_async.sync.capture.store import connect_store

GRACE_SECONDS = 5


def main() -> None:
    """Serve until SIGTERM or SIGINT. Raises ValueError for settings."""
    instance = ServiceSettings.read().instance or "capture"
    configure_logs(instance)
    configure_tracing("capture")
    host, port = settings.get_host(), settings.get_port()
    capture = Capture(
        connect_store(DatabaseSettings.read().uri),
        lambda: connect("capture", provisions=True),
        settings.get_owners_prefix(),
        url=get_own_url(),
        version=ServiceSettings.read().version,
        instance=instance,
    )
    freeze_gc()
    uvicorn.run(
        make_app(capture),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, ValueError) as problem:
        sys.exit(f"Capture cannot run: {problem}")
