"""The bus in memory, for unit tests: within one process, and gone with it."""

from tests.support.memory_bus.broker import Broker
from tests.support.memory_bus.bus import MemoryBus

__all__ = ["Broker", "MemoryBus"]
