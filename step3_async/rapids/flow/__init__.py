"""Reading a river: batches, what fails among them, and snapshots for ponds that lack one."""

from step3_async.rapids.flow.flow import Flow
from step3_async.rapids.flow.handling import Handler
from step3_async.rapids.flow.seen import Seen
from step3_async.rapids.flow.tries import Tries

__all__ = ["Flow", "Handler", "Seen", "Tries"]
