"""Ponds: what a service keeps of others' documents, filled from its river.

Every document has a version, so that events may come twice and in any order, with snapshot pages among them,
to several processes at once, and the pond ends the same.
"""

from step3_async.rapids.pond.places import Place, Places
from step3_async.rapids.pond.pond import Pond
from step3_async.rapids.pond.removed import pond_indexes

__all__ = ["Place", "Places", "Pond", "pond_indexes"]
