"""Reading a river: batches of events, retries, dead letters, and snapshots for ponds that need one."""

from step3_async.rapids.consumer.consumer import Consumer
from step3_async.rapids.consumer.dispatcher import Handler
from step3_async.rapids.consumer.processed_events import ProcessedEvents
from step3_async.rapids.consumer.retry_policy import DELAYS

__all__ = ["DELAYS", "Consumer", "Handler", "ProcessedEvents"]
