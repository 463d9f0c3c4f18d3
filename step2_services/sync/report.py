"""Reports the state of each relation in sync's own store, for operators."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import ReplaceOne, WriteConcern
from pymongo.collection import Collection

from kit.http.problems import Problem
from kit.mongo.client import Document, translated_errors
from step2_services.sync.replicator import Replicator

REPORT_SECONDS = 1.0
"""Seconds between two reports."""

EXAMPLES = 5
"""How many left-out documents a report names."""

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}

RESOURCE: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": "[a-z]+[.][a-z]+"},
        **dict.fromkeys(("owner", "what", "taker", "state", "problem"), TEXT),
        **dict.fromkeys(("delivered", "filled", "left_out"), NUMBER),
        "examples": {"type": "list", "schema": TEXT},
        "reaches": {"type": "datetime", "nullable": True},
        "began": {"type": "datetime", "nullable": True},
    },
    "resource_title": "Who keeps copies of what, and how far they reach",
    "resource_methods": ["GET"],
    "item_methods": ["GET"],
    "public_methods": ["GET"],
    "public_item_methods": ["GET"],
    "allowed_filters": ["owner", "what", "taker", "state"],
    "datasource": {"source": "relations", "default_sort": [("_id", 1)]},
    "kit": {
        "added": {"lag": {"type": "number", "description": "Seconds that the copies may be behind."}},
    },
}
"""The state of each relation."""

log = structlog.stdlib.get_logger(__name__)


class Report(threading.Thread):
    """Writes the replicators' progress into `relations` and the metrics, once a second."""

    def __init__(self, relations: Collection[Document], replicators: Sequence[Replicator]) -> None:
        super().__init__(name="report", daemon=True)
        # What is lost with the machine is written again a second later.
        self._relations = relations.with_options(write_concern=WriteConcern(w=1))
        self._replicators = replicators

    def run(self) -> None:
        """Write, as long as the process lives."""
        while True:
            for each in self._replicators:
                each.measure()  # here, as a replicator may be waiting for a response
            try:
                with translated_errors():
                    self._relations.bulk_write([self._row(each) for each in self._replicators], ordered=False)
            except Problem as problem:
                log.warning("relations not reported yet", reason=str(problem))
            time.sleep(REPORT_SECONDS)

    def add_lags(self, response: dict[str, Any]) -> None:
        """Add to each relation how old its copies may be now."""
        for item in response["_items"]:
            self.add_lag(item)

    def add_lag(self, item: Any) -> None:
        """Add to one relation how old its copies may be now."""
        if reaches := item.get("reaches"):
            item["lag"] = (datetime.now(UTC) - reaches.replace(tzinfo=UTC)).total_seconds()

    def _row(self, replicator: Replicator) -> ReplaceOne[Document]:
        relation, progress = replicator.relation, replicator.progress
        now = datetime.now(UTC)
        row = {
            "_id": relation.name,
            "owner": relation.owner,
            "what": relation.what,
            "taker": relation.taker,
            "state": progress.state,
            "problem": " ".join(filter(None, (progress.problem, progress.slow))),
            "delivered": progress.delivered,
            "filled": progress.filled,
            "left_out": len(progress.left_out),
            "examples": [f"{name}: {problem}" for name, problem in [*progress.left_out.items()][:EXAMPLES]],
            "reaches": progress.reaches,
            "began": progress.began,
            "_created": now,
            "_updated": now,
            "_etag": f"{now.timestamp()}",
        }
        return ReplaceOne({"_id": relation.name}, row, upsert=True)
