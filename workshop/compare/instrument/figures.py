"""The figures of a trial, made from its requests when it is over."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hdrh.histogram import HdrHistogram

from workshop.compare.instrument.job import LATENESS_MS, LATENESS_SHARE, Job
from workshop.compare.observations import QUANTILES, Sent

HIGHEST_US = 60_000_000
DIGITS = 3
SLOW_ERRORS = frozenset({"TimeoutError", "given up"})
"""Errors whose time counts as a latency. Others come at once, and would make a broken system look quick."""


@dataclass
class Outcomes:
    """All that happened in a trial, in seconds, by verb. `lateness` is of all verbs; `fault` is the first
    wrong body.
    """

    latencies: dict[str, list[float]] = field(default_factory=dict)
    services: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    fault: str | None = None

    def finished(self, verb: str, due: float, sent: float, done: float, error: str | None) -> None:
        """Record when a request was due, sent and done and, with `error`, that no good response came.

        Its latency counts from when it was due: a user does not wait less because the generator was late.
        """
        self.sent[verb] += 1
        self.lateness.append(sent - due)
        if error is None:
            self.good[verb] += 1
        else:
            self.errors[error] += 1
        if error is None or error in SLOW_ERRORS:
            self.latencies.setdefault(verb, []).append(done - min(due, sent))
            self.services.append(done - sent)


def summarise(job: Job, outcomes: Outcomes, seconds: float, cpu: float) -> Sent:
    """Return the figures of a trial that took `seconds`, and `cpu` of a processor meanwhile."""
    latency = _histogram(value for values in outcomes.latencies.values() for value in values)
    late_ms = _quantiles(_histogram(outcomes.lateness))["0.99"]
    latency_ms = _quantiles(latency)
    verbs = {
        verb: {
            "sent": count,
            "good": outcomes.good[verb],
            **_quantiles(_histogram(outcomes.latencies.get(verb, ()))),
        }
        for verb, count in sorted(outcomes.sent.items())
    }
    return Sent(
        signed=job.signed,
        rate=job.rate,
        seconds=seconds,
        sent=outcomes.sent.total(),
        good=outcomes.good.total(),
        errors=dict(outcomes.errors),
        latency_ms=latency_ms,
        service_ms=_quantiles(_histogram(outcomes.services)),
        verbs=verbs,
        lateness_p99_ms=late_ms,
        generator_cpu=cpu,
        histogram=latency.encode().decode(),
        void=_void(outcomes.fault, late_ms, latency_ms["0.99"]),
    )


def _void(fault: str | None, late_ms: float, p99_ms: float) -> str | None:
    if fault:
        return f"wrong body: {fault}"
    if late_ms > max(LATENESS_MS, LATENESS_SHARE * p99_ms):
        return f"the generator was late: p99 of lateness {late_ms:.1f} ms"
    return None


def _histogram(values: Iterable[float]) -> HdrHistogram:
    histogram = HdrHistogram(1, HIGHEST_US, DIGITS)
    for value in values:
        histogram.record_value(min(max(round(value * 1e6), 1), HIGHEST_US))
    return histogram


def _quantiles(histogram: HdrHistogram) -> dict[str, float]:
    shown = {str(each): histogram.get_value_at_percentile(each * 100) / 1000 for each in QUANTILES}
    return {**shown, "max": histogram.get_max_value() / 1000}
