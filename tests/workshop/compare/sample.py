"""Observations made up for tests of the report, the same each time. They are no result of anything."""

from collections.abc import Mapping, Sequence
from random import Random

from workshop.compare.observations import (
    About,
    Blast,
    Capacity,
    Cost,
    Equality,
    Footprint,
    HotVerb,
    Instrument,
    Lag,
    Load,
    Observation,
    Rollout,
    Scaling,
    Size,
    Skipped,
    Storage,
    Waiting,
    Wish,
)  # fmt: skip

SHARES = (0.0, 0.2, 1.0)
MIX = {"search": 60.0, "list": 20.0, "recommend": 10.0, "show": 5.0, "tag": 2.5, "like": 2.5}
CAPACITY: Mapping[str, tuple[float, float, float]] = {
    "0": (370, 335, 245),
    "0 again": (370, 335, 245),
    "0 cached": (2900, 620, 240),
    "1": (220, 200, 145),
    "2": (286, 190, 110),
    "3": (1379, 420, 160),
}
"""By arm: requests a second for each of the shares."""

CPU = {
    "0": {"web": 2100, "mongod": 700},
    "0 again": {"web": 2100, "mongod": 700},
    "0 cached": {"web": 300, "mongod": 120, "nginx": 20},
    "1": {"web": 2300, "api": 1900, "mongod": 720},
    "2": {"web": 1900, "search": 900, "list": 400, "like": 300, "tag": 280, "sync": 150, "hide": 120,
          "members": 60, "mongod": 1100},
    "3": {"gateway": 420, "search": 600, "list": 200, "web": 90, "capture": 120, "nats": 80, "like": 60,
          "tag": 60, "recommend": 90, "mongod": 700},
}  # fmt: skip
SHARED = ("web", "search", "list", "like", "tag", "hide", "share", "members", "images", "recommend")
PSS = {
    "0": {"web": 62, "mongod": 190},
    "0 again": {"web": 62, "mongod": 191},
    "0 cached": {"web": 62, "mongod": 190, "nginx": 6},
    "1": {"web": 60, "api": 58, "mongod": 192},
    "2": {**dict.fromkeys((*SHARED, "sync"), 44), "mongod": 280},
    "3": {**dict.fromkeys((*SHARED, "capture", "tagged", "gateway"), 46), "nats": 40, "mongod": 300},
}
PROCESSES = {"0": 3, "0 again": 3, "0 cached": 6, "1": 5, "2": 13, "3": 17}
START = {"0": 1.4, "0 again": 1.4, "0 cached": 1.6, "1": 2.1, "2": 5.2, "3": 7.7}
PARTS = {
    "0": ["web", "mongod"],
    "1": ["web", "api", "mongod"],
    "2": ["web", "search", "recommend", "like", "tag", "sync", "mongod"],
    "3": ["gateway", "web", "search", "recommend", "like", "tag", "capture", "nats", "mongod"],
}
ALL = {"web", "api", "mongod", "gateway"}


def sample(
    seed: int = 1,
    rounds: int = 5,
    quick: bool = False,
    arms: Sequence[str] = tuple(CAPACITY),
    capacity: Mapping[str, Sequence[float]] = CAPACITY,
    without: Sequence[type[Observation]] = (),
    commit: str = "0123456789abcdef0123456789abcdef01234567",
    noise: float = 0.02,
) -> list[Observation]:
    """Return the observations of a run that nobody made."""
    random = Random(seed)
    rounds = min(rounds, 2) if quick else rounds
    shares = [0.2] if quick else [*SHARES]
    found: list[Observation] = [about(shares, rounds, quick, commit), *_once(arms)]
    for number in range(rounds):
        for arm in arms:
            programs = {
                name: round(size * 1e6 * random.gauss(1, noise / 2)) for name, size in PSS[arm].items()
            }
            start = START[arm] * random.gauss(1, noise)
            found.append(Footprint(number, arm, programs, PROCESSES[arm], start, 0.01 * PROCESSES[arm]))
            late = {"0": 0.004, "1": 0.008, "2": 0.5, "3": 0.03}[arm[0]]
            found.append(
                Lag(
                    number,
                    arm,
                    "a like, in the count of likes",
                    [late * random.uniform(0.6, 2) for _ in range(100)],
                )
            )
            for share in shares:
                found += _measured(random, number, arm, share, capacity[arm][SHARES.index(share)], noise)
    bought = _bought(random, arms)
    found += [each for each in bought if not quick or (isinstance(each, Waiting) and each.what == "mail")]
    return [each for each in found if type(each) not in without]


def about(shares: list[float], rounds: int, quick: bool, commit: str) -> About:
    machine = {
        "processor": "Made-up processor of a test", "cores": 2, "memory_bytes": 8_000_000_000,
        "system": "Linux 6.1", "python": "3.11.7", "mongod": "6.0.5", "nats": "2.15.1",
    }  # fmt: skip
    return About(
        "2026-01-02T03:04:05+00:00",
        commit,
        quick,
        machine,
        1.0,
        "affinity",
        2000,
        50,
        MIX,
        shares,
        rounds,
        seed=7,
    )


def load(
    number: int, arm: str, share: float, rate: float, capacity: float, random: Random, void: str | None = None
) -> Load:
    """Return a trial of a queue that is full at its capacity."""
    busy = min(rate / (capacity * 1.08), 0.999)
    median = 4 + 3 / (1 - busy) * random.uniform(0.9, 1.1)
    p99 = 9 + 7 / (1 - busy) * random.uniform(0.9, 1.1)
    latency = {"0.5": median, "0.9": p99 * 0.7, "0.99": p99, "0.999": p99 * 1.6, "max": p99 * 2}
    sent = round(rate * 15)
    verbs = {
        verb: {"sent": sent * part / 100, "good": sent * part / 100, "0.99": p99}
        for verb, part in MIX.items()
    }
    return Load(
        round=number,
        arm=arm,
        signed=share,
        rate=rate,
        seconds=15.0,
        sent=sent,
        good=sent,
        errors={},
        latency_ms=latency,
        service_ms=latency,
        verbs=verbs,
        lateness_p99_ms=0.9,
        generator_cpu=min(rate / 2400, 1),
        histogram="",
        void=void,
    )


def _measured(
    random: Random, number: int, arm: str, share: float, middle: float, noise: float
) -> list[Observation]:
    per_second = middle * random.gauss(1, noise)
    found: list[Observation] = [
        load(number, arm, share, max(per_second, 20) * part, max(per_second, 20), random)
        for part in (0.25, 0.5, 0.75, 0.9, 1, 1.1)
    ]
    limit = "generator" if per_second > 2500 else "system"
    found.append(Capacity(number, arm, share, per_second, per_second, per_second * 1.09, limit))
    if number == 0 and arm == "1":
        found.append(
            load(number, arm, share, 100, middle, random, void="the generator was late: p99 12.1 ms")
        )
    cpu = {name: us * random.gauss(1, noise) * (1 + share) for name, us in CPU[arm].items()}
    return [*found, Cost(number, arm, share, 50.0, cpu)]


def _once(arms: Sequence[str]) -> list[Observation]:
    null = [
        {
            "rate": rate,
            "lateness_p99_ms": 0.4 + rate / 1500,
            "latency_p99_ms": 1 + rate / 900,
            "generator_cpu": rate / 2600,
        }
        for rate in (250.0, 500.0, 1000.0, 2000.0)
    ]
    other = {"name": "k6", "version": "1.2.3", "rate": 200.0, "p50_ms": 5.1, "our_p50_ms": 5.0,
             "p99_ms": 14.2, "our_p99_ms": 13.8}  # fmt: skip
    return [
        Instrument(null, 2000.0, {"rate": 200.0, "open_p99_ms": 981.0, "closed_p99_ms": 6.1}, other),
        *(Equality(arm, 400, []) for arm in arms if arm != "0"),
        Skipped("scaling with 8 replicas", None, "8 quotas of 0.25 cores do not fit beside the generator"),
    ]


def _bought(random: Random, arms: Sequence[str]) -> list[Observation]:
    found: list[Observation] = []
    calm = {"search": 48.0, "list": 16.0, "recommend": 8.0, "show": 4.0}
    keeps = {"0": 0.35, "0 again": 0.37, "0 cached": 0.4, "1": 0.4, "2": 0.98, "3": 1.0}
    for arm in arms:
        for what, verb in (("mail", "share"), ("images", "image")):
            before = {**calm, verb: 2.0}
            hung = {name: rate * keeps[arm] * random.uniform(0.97, 1) for name, rate in calm.items()} | {
                verb: 0.4
            }
            p99 = 30 if keeps[arm] > 0.9 else 4200
            found.append(
                Waiting(
                    arm,
                    what,
                    2.0,
                    80.0,
                    before,
                    hung,
                    dict.fromkeys(before, 22.0),
                    dict.fromkeys(hung, float(p99)),
                )
            )
    for arm in (arm for arm in arms if arm in PARTS):
        for part in PARTS[arm]:
            degraded: dict[str, float | None] = {
                verb: (2.5 if part == "mongod" else 1.2) if part in ALL and not (arm == "3" and part == "web")
                else 0.8 if part == verb else 0.0
                for verb in MIX
            }  # fmt: skip
            found.append(Blast(arm, part, degraded, ["recommend"] if part == "sync" else []))
        is_one = arm in "01"
        found.append(
            Rollout(
                arm,
                "restart" if is_one else "second version",
                1.6 if is_one else 6.0,
                1200,
                74 if is_one else 0,
                1650.0,
            )
        )
        found.append(
            Storage(
                arm,
                3000,
                400,
                {"mongod": 2100.0} | ({"nats-server": 1200.0} if arm == "3" else {}),
                {"mongod": 620.0} | ({"nats-server": 730.0} if arm == "3" else {}),
            )
        )
        found.append(
            Size(arm, 30 + 25 * int(arm), 2300 + 1900 * int(arm), 28 + 9 * int(arm), 2100 + 900 * int(arm))
        )
        new = ["reader.py"] if is_one else ["thanks/service.py", "thanks/step.toml"]
        changed = {"2": ["sync/relations.py"], "3": []}.get(arm, ["app.py", "store.py"])
        found.append(Wish(arm, new, changed, "calls it inline" if is_one else "a service of its own"))
        found.append(
            HotVerb(
                arm,
                100,
                640,
                "1 more of everything" if is_one else "2 replicas of search",
                1.0,
                250_000_000,
                True,
            )
        )
    for arm in (arm for arm in arms if arm in "23"):
        for number in range(3):
            for replicas in (1, 2, 3, 4):
                rate = 42 * replicas / (1 + 0.02 * (replicas - 1)) * random.gauss(1, 0.02)
                found.append(Scaling(number, arm, replicas, 0.15, 0.15 * replicas + 1.2, True, rate))
        found.append(Scaling(0, arm, 8, 0.15, 2.4, False))
    return found
