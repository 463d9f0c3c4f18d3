"""Capture: publishes the owners' changes as events, and snapshots for new rivers."""

from typing import Any

from pydantic import Field

from kit.service import Service, own_database
from kit.settings import DatabaseSettings, ServiceSettings, Settings
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


class CaptureSettings(Settings):
    """The beginning of the names of the owners' databases."""

    owners_prefix: str = Field("step3_", alias="OWNERS_PREFIX")


def make_app() -> Service:
    """Make the service from the settings in the environment."""
    instance = ServiceSettings.read().instance or "capture"
    owners = CaptureSettings.read().owners_prefix
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
