"""Proves that the generator can measure, on servers whose behaviour is known."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workshop.compare.instrument.closed_loop import closed_loop_p99_ms
from workshop.compare.instrument.cross_check import cross_check
from workshop.compare.instrument.job import LATENESS_MS
from workshop.compare.instrument.null_server import SEARCHED, null_job, null_server
from workshop.compare.instrument.sending import send, send_in_time
from workshop.compare.observations import Instrument, Observation, Skipped
from workshop.testbed.process import StartedProcess

STALL_RATE = 200.0
PERIOD, STALL = 5.0, 1.0
CONNECTIONS = 4


@dataclass(frozen=True)
class Lengths:
    """The rates at which the null server is tried; and the seconds of such a trial, of the server that
    stalls, and of the check against another generator.
    """

    rates: tuple[float, ...]
    null: float
    stall: float
    check: float


FULL = Lengths(rates=(500.0, 1000.0, 1500.0, 2000.0, 3000.0), null=4.0, stall=15.0, check=8.0)
QUICK = Lengths(rates=(1500.0,), null=3.0, stall=10.0, check=4.0)


def prove(record: Callable[[Observation], None], lengths: Lengths = FULL) -> Instrument:
    """Find out what the generator can do, and record and return it."""
    null = [*_null_trials(lengths)]
    limit = max((trial["rate"] for trial in null if trial["lateness_p99_ms"] <= LATENESS_MS), default=0.0)
    stall = measure_stall(lengths.stall)
    other = cross_check(lengths.check)
    if isinstance(other, str):
        record(Skipped(what="the check against another generator", arm=None, reason=other))
    found = Instrument(null, limit, stall, None if isinstance(other, str) else other)
    record(found)
    return found


def measure_stall(seconds: float) -> dict[str, float]:
    """Return the p99 of a server that stalls for a second in five, as we and as a closed loop measure it (see
    `Instrument.stall`).
    """
    with null_server() as (server, base):
        with _stalling(server):
            ours = send(null_job(base, STALL_RATE, seconds))
        with _stalling(server):
            closed = closed_loop_p99_ms(base + SEARCHED, CONNECTIONS, seconds)
    return {"rate": STALL_RATE, "open_p99_ms": ours.latency_ms["0.99"], "closed_p99_ms": closed}


def _null_trials(lengths: Lengths) -> Iterator[dict[str, float]]:
    """Yield a trial of each rate, up to the first that the generator cannot send in time."""
    with null_server() as (_, base):
        for rate in lengths.rates:
            trial = send_in_time(null_job(base, rate, lengths.null))
            yield {
                "rate": rate,
                "lateness_p99_ms": trial.lateness_p99_ms,
                "latency_p99_ms": trial.latency_ms["0.99"],
                "generator_cpu": trial.generator_cpu,
            }
            if trial.lateness_p99_ms > LATENESS_MS:
                return


@contextmanager
def _stalling(server: StartedProcess) -> Iterator[None]:
    """Stop the server for the last second of every five, inside the block."""
    ended = threading.Event()

    def stall() -> None:
        while not ended.wait(PERIOD - STALL):
            server.process.send_signal(signal.SIGSTOP)
            ended.wait(STALL)
            server.process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=stall, name="stalls")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
