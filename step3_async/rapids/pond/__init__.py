"""Ponds: projections of other services' documents, filled by the events of a river.

Every document has a version. So events may come twice, in any order, mixed with snapshot pages, and to
several processes at once: the pond ends the same.
"""

from step3_async.rapids.pond.pond import Pond
from step3_async.rapids.pond.snapshot_states import SnapshotState, SnapshotStates
from step3_async.rapids.pond.tombstones import pond_indexes

__all__ = ["Pond", "SnapshotState", "SnapshotStates", "pond_indexes"]
