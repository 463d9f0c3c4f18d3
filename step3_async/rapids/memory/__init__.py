"""The port in memory, for tests: within one process, and gone with it."""

from step3_async.rapids.memory.rapids import Rapids
from step3_async.rapids.memory.transport import MemoryTransport

__all__ = ["MemoryTransport", "Rapids"]
