"""What a run observes. Each observation is one line of JSON in the run's journal (see `journal`).

The report is made from these lines alone. A field that could not be measured is None. Times are in seconds
unless the name says otherwise.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

QUANTILES = (0.5, 0.9, 0.99, 0.999)


@dataclass(frozen=True)
class Observation:
    """A line of the journal. `kind` is the name of its type."""

    kind: ClassVar[str]
    kinds: ClassVar[dict[str, type["Observation"]]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        Observation.kinds[cls.kind] = cls

    def as_json(self) -> dict[str, Any]:
        """Return the line, as JSON can represent it."""
        return {"kind": self.kind, **asdict(self)}

    @staticmethod
    def from_json(line: dict[str, Any]) -> "Observation":
        """Return the observation of a line. Fields that this version does not know are left out.

        Raises KeyError and TypeError if the line is none.
        """
        kind = Observation.kinds[line["kind"]]
        known = {each.name for each in fields(kind)}
        return kind(**{name: value for name, value in line.items() if name in known})


@dataclass(frozen=True)
class About(Observation):
    """The first line: when, where and how the run was made."""

    kind = "about"
    date: str
    """When it began: ISO 8601, UTC."""
    commit: str
    quick: bool
    machine: dict[str, Any]
    """`processor`, `cores`, `memory_bytes`, `system`, `python`, `mongod`, `nats`."""
    system_cores: float
    """How many cores the measured system has; the generator has others."""
    limit: str
    """How the system is held to them: `affinity`, or `none` where processes cannot be bound to cores."""
    posts: int
    readers: int
    mix: dict[str, float]
    """Shares of the verbs: search, list, recommend, show, tag, like."""
    shares: list[float]
    """The shares of requests by signed-in readers that were measured."""
    rounds: int
    seed: int
    slo_ms: float = 100.0
    slo_errors: float = 0.001
    stores: str = "disk"
    """Where the stores of the measured system are: `memory` or `disk`."""
    sync_ms: dict[str, float] | None = None
    """How long this machine's disk needs to store a block for good: `0.5`, `0.9` and `max`, milliseconds."""
    quotas: str | None = None
    """How replicas get equal quotas: `cgroup v1`, `cgroup v2`; None where that is not possible."""


@dataclass(frozen=True)
class Sent:
    """What the generator found at one rate: open loop, Poisson arrivals.

    Latency counts from the intended start of a request, service time from when it was really sent. Both are
    milliseconds by quantile (keys `0.5`, `0.9`, `0.99`, `0.999`) and `max`. `void` says why the trial does
    not count: the generator was late, the body of a response was wrong, or the machine was not ours.
    """

    signed: float
    rate: float
    seconds: float
    """From the first arrival to the last."""
    sent: int
    good: int
    """Responses with a status below 400 and the right body."""
    errors: dict[str, int]
    """By status, or by the name of the exception."""
    latency_ms: dict[str, float]
    service_ms: dict[str, float]
    verbs: dict[str, dict[str, float]]
    """By verb: `sent`, `good`, and quantiles of latency."""
    lateness_p99_ms: float
    generator_cpu: float
    """CPU seconds of the generator by second of the trial."""
    histogram: str
    """The latencies as an HDR histogram, encoded (microseconds, three digits)."""
    void: str | None = None

    def beside(self, slo_ms: float, slo_errors: float) -> float | None:
        """Return p99 in proportion to the objective, which was kept if this is below 1. It is at least 1 if
        too many requests failed, None if the trial is void.
        """
        if self.void is not None:
            return None
        too_many_failed = self.sent - self.good >= slo_errors * self.sent
        return max(self.latency_ms["0.99"] / slo_ms, 1.0 if too_many_failed else 0.0)

    def as_load(
        self,
        *,
        round: int,  # noqa: A002 - the field's name
        arm: str,
        purpose: str = "curve",
        pace_ms: float | None = None,
    ) -> "Load":
        """Return the observation of this load."""
        return Load(round=round, arm=arm, purpose=purpose, pace_ms=pace_ms, **vars(self))


@dataclass(frozen=True, kw_only=True)
class Load(Sent, Observation):
    """What was sent to an arm, and why."""

    kind = "load"
    round: int
    arm: str
    purpose: str = "curve"
    """`curve` for a rate of the search for capacity, `cost` for the low one at which CPU is counted."""
    pace_ms: float | None = None
    """The machine's pace meanwhile (see `system.pace`)."""


@dataclass(frozen=True)
class Capacity(Observation):
    """The highest rate at which an arm keeps the objective, as the trials of a search show it; the highest
    that was kept, and the lowest that was not. `limited_by` is `system`, or `generator` if the generator
    could not send more.
    """

    kind = "capacity"
    round: int
    arm: str
    signed: float
    per_second: float
    kept: float
    missed: float | None
    limited_by: str = "system"


@dataclass(frozen=True)
class Cost(Observation):
    """CPU microseconds of one request of the mix by program, at a constant rate; what the idle system uses in
    the same time is subtracted.
    """

    kind = "cost"
    round: int
    arm: str
    signed: float
    rate: float
    cpu_us: dict[str, float]
    pace_ms: float | None = None


@dataclass(frozen=True)
class Footprint(Observation):
    """What a step takes that is ready: memory (PSS bytes by program), processes, seconds until it was ready,
    and the share of a core that it uses while nobody asks anything.
    """

    kind = "footprint"
    round: int
    arm: str
    pss: dict[str, int]
    processes: int
    start_seconds: float
    idle_cpu: float


@dataclass(frozen=True)
class Storage(Observation):
    """Bytes on disk that each of so many posts adds, and each of so many marks, by store (`mongod`,
    `nats-server`): with all copies, indexes and events, after a checkpoint, without MongoDB's own log.
    """

    kind = "storage"
    arm: str
    posts: int
    marks: int
    post_bytes: dict[str, float]
    mark_bytes: dict[str, float]


@dataclass(frozen=True)
class Lag(Observation):
    """Seconds from the response to a write until another client sees it: a like, in the count of likes that
    a visitor's page shows, say (`what`).
    """

    kind = "lag"
    round: int
    arm: str
    what: str
    seconds: list[float]


@dataclass(frozen=True)
class Equality(Observation):
    """How many requests got the same response as at step 0, and which did not."""

    kind = "equality"
    arm: str
    requests: int
    different: list[str]


@dataclass(frozen=True)
class Instrument(Observation):
    """What the generator can do, shown on servers whose behaviour is known.

    `null` are trials against a server that does nothing: `rate`, `lateness_p99_ms`, `latency_p99_ms`,
    `generator_cpu`. `limit` is the highest rate at which lateness stayed within its bound. `stall` is a
    server that stops for one second in five: `rate`, `open_p99_ms` as we measure, `closed_p99_ms` as a closed
    loop of as many connections would have said. `other` is one figure of another generator beside ours:
    `name`, `version`, `rate`, `p50_ms`, `our_p50_ms`, `p99_ms`, `our_p99_ms`; None if there is none on this
    machine.
    """

    kind = "instrument"
    null: list[dict[str, float]]
    limit: float
    stall: dict[str, float]
    other: dict[str, Any] | None = None


@dataclass(frozen=True)
class Waiting(Observation):
    """Goodput of each verb while a dependency hangs (`what`: `mail` or `images`), and just before.

    `calm` and `hung`: by verb, good responses a second; `calm_p99_ms` and `hung_p99_ms`: by verb. The hanging
    verb itself is `share` or `image`.
    """

    kind = "waiting"
    arm: str
    what: str
    hang_seconds: float
    rate: float
    calm: dict[str, float]
    hung: dict[str, float]
    calm_p99_ms: dict[str, float]
    hung_p99_ms: dict[str, float]


@dataclass(frozen=True)
class Scaling(Observation):
    """Searches a second with so many replicas of search, each with the same CPU quota.

    `per_second` is the capacity at the objective, or, where `saturated`, the goodput of a saturated system as
    the objective cannot be kept at all. `fits` is False if the machine has too few cores for this point, and
    then nothing was measured. `cores` is the sum of all quotas and the rest, as planned. `used` are the cores
    that the replicas really used: less than their quotas if the rest of the step, or of the machine, was too
    busy.
    """

    kind = "scaling"
    round: int
    arm: str
    replicas: int
    quota: float
    cores: float
    fits: bool
    per_second: float | None = None
    saturated: bool = False
    used: float | None = None


@dataclass(frozen=True)
class HotVerb(Observation):
    """What an arm needs so that the objective holds again when only search has grown tenfold.

    `before` and `after` are the rates of the mix. `added_cpu` are cores, `added_bytes` memory, of `added`
    (`2 replicas of search`, say). `holds` is whether the objective held with them; `note` says what else.
    """

    kind = "hot_verb"
    arm: str
    before: float
    after: float
    added: str
    added_cpu: float | None
    added_bytes: int | None
    holds: bool
    note: str = ""


@dataclass(frozen=True)
class Blast(Observation):
    """A part of a step that is killed: for how many seconds each verb was degraded.

    0 for a verb that was not; None for one that did not come back within the time of the trial. `gaps` are
    the verbs that responded, but left something out. At steps 0 and 1, whose run ends with any of its
    processes, we start a killed one again ourselves, as an init system would.
    """

    kind = "blast"
    arm: str
    part: str
    degraded: dict[str, float | None]
    gaps: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rollout(Observation):
    """A new version of search (at steps 0 and 1 of everything) under load: what was refused, and how long it
    took. `how` is the way: `second version`; at steps 0 and 1 `restart` (all at once) and `reload` (by
    gunicorn, whose new workers take over before the old ones end).
    """

    kind = "rollout"
    arm: str
    how: str
    seconds: float
    sent: int
    refused: int
    longest_ms: float


@dataclass(frozen=True)
class Size(Observation):
    """What a reader of a step must follow: its files and lines of code (Python and templates, without tests,
    comments and blank lines), with what it imports of the kit and of other steps; and `own`, without those.
    """

    kind = "size"
    arm: str
    files: int
    lines: int
    own_files: int
    own_lines: int


@dataclass(frozen=True)
class Wish(Observation):
    """Which files would be new, and which would have to be changed, to add a reader of events: a part that
    does something whenever somebody likes a post.
    """

    kind = "wish"
    arm: str
    new: list[str]
    changed: list[str]
    how: str


@dataclass(frozen=True)
class Skipped(Observation):
    """What was not measured, and why."""

    kind = "skipped"
    what: str
    arm: str | None
    reason: str


@dataclass(frozen=True)
class Done(Observation):
    """The end of a block of the run. It took so many seconds."""

    kind = "done"
    block: str
    seconds: float
