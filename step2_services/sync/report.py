"""Keeping in sync's own store how each relation fares, for those who ask."""

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
from step2_services.sync.replicator import Carrier

EVERY = 1.0
EXAMPLES = 5
"""Documents that are left out and told by name."""

log = structlog.stdlib.get_logger(__name__)


class Report(threading.Thread):
    """Writes the carriers' progress into `relations` and the metrics, once a second."""

    def __init__(self, relations: Collection[Document], carriers: Sequence[Carrier]) -> None:
        super().__init__(name="report", daemon=True)
        # What is lost with the machine is written again a second later.
        self._relations = relations.with_options(write_concern=WriteConcern(w=1))
        self._carriers = carriers

    def run(self) -> None:
        """Write on."""
        while True:
            for each in self._carriers:
                each.measure()  # here, as a carrier may be waiting for an answer
            try:
                with translated_errors():
                    self._relations.bulk_write([self._row(each) for each in self._carriers], ordered=False)
            except Problem as problem:
                log.warning("no report", reason=str(problem))
            time.sleep(EVERY)

    def add_lags(self, response: dict[str, Any]) -> None:
        """Say of each relation how old its copies may be now."""
        for item in response["_items"]:
            self.add_lag(item)

    def add_lag(self, item: Any) -> None:
        """The same for one."""
        if reaches := item.get("reaches"):
            item["lag"] = (datetime.now(UTC) - reaches.replace(tzinfo=UTC)).total_seconds()

    def _row(self, carrier: Carrier) -> ReplaceOne[Document]:
        relation, progress = carrier.relation, carrier.progress
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
