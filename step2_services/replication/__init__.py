"""Copies of another service's documents, and how changes get there.

An owner publishes what changed in one of its collections, in order (`feed`). A service that needs the
documents keeps copies of them, and with them the cursor (`copies`). Both are verbs that only other services
may use (`verbs`). The service that delivers the changes needs no memory of its own.
"""

from step2_services.replication.copies import Copy
from step2_services.replication.feed import Feed

__all__ = ["Copy", "Feed"]
