"""Capture: publishes what owners write as events, and snapshots for rivers that begin."""

import os
from typing import Any

from kit.service import Service, own_database
from kit.settings import DatabaseSettings, ServiceSettings
from step3_async.capture.capture import Capture
from step3_async.contracts import catalogue
from step3_async.rapids.connect import connect
from step3_async.rapids.hosting.service_factory import make_service

RESOURCES: dict[str, Any] = {
    "leases": {
        "schema": {
            "_id": {"type": "string", "regex": "[a-z]+"},
            "holder": {"type": "string"},
            "term": {"type": "integer"},
            "expires": {"type": "datetime"},
        },
        "resource_title": "Which instance follows which owner",
        "resource_methods": ["GET"],
        "public_methods": ["GET"],
        "item_lookup": False,
        "datasource": {"source": "leases", "default_sort": [("_id", 1)]},
    }
}


def make_app() -> Service:
    """Return the service as the environment describes it."""
    instance = ServiceSettings.read().instance or "capture"
    owners = os.environ.get("OWNERS_PREFIX", "step3_")
    return make_service(
        "capture",
        own_database("capture"),
        tags=("kind:sync",),
        resources=RESOURCES,
        indexes={},
        connect=lambda: connect("capture", provisions=True, validate=catalogue.validate),
        part=lambda bus: Capture(bus, DatabaseSettings.read().uri, owners, instance),
        identifies_readers=False,
    )
