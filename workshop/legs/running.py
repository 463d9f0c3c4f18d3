"""Traces requests at a running step."""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import repeat

from workshop.legs.collector import Collector, Span
from workshop.legs.readers import Browser, Program, Sent
from workshop.legs.traces import event_of, is_complete, legs_of, requests_of
from workshop.legs.ways import CLIENTS, Way
from workshop.steps import Step, read_step
from workshop.testbed.process import NotMeasured
from workshop.testbed.step import QUIET, await_ready, isolated_state, running_step

TIMES = 5
"""How often each request is traced. Of requests that are sent at the same time some overlap each time."""

PATIENCE = 60.0
"""How many seconds the last spans of a trace may take."""

READERS: dict[str, type[Program]] = {"browser": Browser, "program": Program}
SETTINGS = {
    **QUIET,
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
    # So that after the first request of a kind nothing is fetched for the first time.
    "STONES_WEB_WORKERS": "1",
    # So that the response to a like waits for the views on a busy machine, too.
    "COMMAND_SECONDS": "50",
    "REQUEST_SECONDS": "55",
}


@contextmanager
def traced_step(number: int) -> Iterator["TracedStep"]:
    """Run a step with the bundled posts inside the block, in a state of its own. Raises NotMeasured."""
    with Collector() as collector:
        settings = {**SETTINGS, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        with isolated_state(number, settings), running_step(number, bundled=True) as run:
            await_ready(number, run)
            yield TracedStep(read_step(number), collector)


class TracedStep:
    """A running step whose spans are collected."""

    def __init__(self, step: Step, collector: Collector) -> None:
        self._step, self.collector = step, collector

    def ways(self, verbs: Collection[str]) -> Iterator[Way]:
        """Yield the way of each verb, for each client. Raises NotMeasured."""
        for client in CLIENTS:
            reader = READERS[client](self._step.url)
            posts = reader.posts()[: TIMES + 1]
            if "like" in verbs:
                likes = [partial(reader.like, post) for post in posts]
                yield self._way("like", client, likes)
            if "search" in verbs:
                yield self._way("search", client, [*repeat(reader.search, TIMES + 1)])

    def _way(self, verb: str, client: str, requests: Sequence[Callable[[], Sent]]) -> Way:
        """Send the requests, of which the first only warms up, and return their way."""
        subscribers = self._subscribers(verb)
        requests[0]()
        all_sent = [(send(), time.time_ns()) for send in requests[1:]]
        traced, events = [], set()
        for sent, response_at in all_sent:
            spans = self._await_trace(sent, subscribers)
            traced.append(requests_of(_of(spans, sent), sent, client))
            events.add(event_of(spans, sent.trace, response_at, verb))
        if len(events) > 1:
            raise NotMeasured(f"The event of the same {verb} took different ways. Try again.")
        return Way(verb, self._step.number, client, legs_of(traced), events.pop())

    def _subscribers(self, verb: str) -> set[str]:
        """Return the services in whose rivers the events of a verb are."""
        users = self._step.nats.users if self._step.nats else {}
        return {name for name, user in users.items() if verb in user.get("subscriptions", ())}

    def _await_trace(self, sent: Sent, subscribers: set[str]) -> list[Span]:
        """Wait until a trace is complete, and return its spans and those that it caused."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            spans = [each for each in self.collector.spans if sent.trace in {each.trace, *each.causes}]
            handling = {each.service for each in spans if each.kind == "CONSUMER"}
            is_published = any(each.kind == "PRODUCER" for each in spans) or not subscribers
            if is_complete(_of(spans, sent), sent) and is_published and subscribers <= handling:
                return spans
            time.sleep(0.1)
        raise NotMeasured(f"A trace was not complete after {PATIENCE:.0f} s: some spans did not arrive.")


def _of(spans: Sequence[Span], sent: Sent) -> list[Span]:
    return [each for each in spans if each.trace == sent.trace]


def trace(step: int, verbs: Collection[str]) -> list[Way]:
    """Start a step, and return the way of each verb for each client. Raises NotMeasured."""
    with traced_step(step) as traced:
        return [*traced.ways(verbs)]
