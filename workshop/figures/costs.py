"""Names of what the steps cost: capacity, CPU time, memory, processes, start-up, lag, storage, code."""

from collections.abc import Iterator
from typing import Any

from workshop.compare.report.numbers import duration, figure
from workshop.compare.report.summary import name_of
from workshop.compare.report.verdict import mean_of_rows
from workshop.figures.figure import Figure, Run

LOADS = {"100": "signed-in", "20": "mixed", "0": "visitors"}
"""What names call a load, by the percentage of signed-in readers."""

ABOUT = {
    "signed-in": "all readers signed in",
    "mixed": "20 % of the readers signed in",
    "visitors": "visitors only",
}
SUBJECTS = {"0": "step0", "0 cached": "step0-cached", "1": "step1", "2": "step2", "3": "step3"}
"""What names call an arm. Step 0's second row, A/A, has no name: it only says how exact a figure is."""


def figures(run: Run) -> Iterator[Figure]:
    """Yield the figures of a run."""
    for share, load in LOADS.items():
        yield from _capacities(run, share, load)
        yield from _measured(
            run.get("cpu_us", {}).get(share, {}),
            f"cpu{{}}-{load}",
            "{:,.0f} µs",
            f"CPU time of a request, {ABOUT[load]}",
        )
    yield from _measured(run["memory"], "memory{}", "{:,.0f} MB", "memory of a step that is ready", 1e-6)
    yield from _measured(run["start"], "start{}", "{:.1f} s", "time from start to ready")
    steps = [run["memory"][arm]["value"]["middle"] for arm in ("0", "1", "2", "3") if arm in run["memory"]]
    yield Figure(
        "memory-all-steps",
        f"{sum(steps) / 1e9:.1f} GB",
        "memory of all steps together, if each has its own stores",
    )
    for arm, subject in SUBJECTS.items():
        if arm in run["processes"]:
            yield Figure(f"processes-{subject}", str(run["processes"][arm]), f"processes, {name_of(arm)}")
        for each in run["lag"].get(arm, {}).values():
            for quantile in ("p50", "p99"):
                about = f"time until another client sees a write, {quantile}, {name_of(arm)}"
                yield Figure(f"lag-{quantile}-{subject}", duration(each[quantile]), about)
    yield from _storage(run)
    yield from _size(run)


def _capacities(run: Run, share: str, load: str) -> Iterator[Figure]:
    """Yield the capacities at a load. Step 0's is the mean of its two rows, as in the verdict."""
    found = run["capacity"].get(share, {})
    rows = [found[arm]["value"]["middle"] for arm in ("0", "0 again") if arm in found]
    for arm, subject in SUBJECTS.items():
        if arm not in found:
            continue
        value = mean_of_rows(rows) if arm == "0" else found[arm]["value"]["middle"]
        about = f"requests a second at the objective, {ABOUT[load]}, {name_of(arm)}"
        yield Figure(f"capacity-{load}-{subject}", f"{found[arm]['bound']}{value:,.0f}", about)
        if ratio := _ratio(found[arm]):
            about = f"times as many requests a second as step 0, {ABOUT[load]}, {name_of(arm)}"
            yield Figure(f"capacity-ratio-{load}-{subject}", ratio, about)
    beside = run["beside_cache"].get(share)
    if beside and (ratio := _ratio(beside)):
        about = f"times as many requests a second as step 0 behind a cache, {ABOUT[load]}, step 3"
        yield Figure(f"capacity-ratio-to-cached-{load}-step3", ratio, about)


def _measured(
    found: dict[str, Any], name: str, form: str, about: str, scale: float = 1.0
) -> Iterator[Figure]:
    for arm, subject in SUBJECTS.items():
        if arm in found:
            value = form.format(found[arm]["value"]["middle"] * scale)
            yield Figure(f"{name.format('')}-{subject}", value, f"{about}, {name_of(arm)}")
            if ratio := _ratio(found[arm]):
                yield Figure(
                    f"{name.format('-ratio')}-{subject}", ratio, f"{about}, × step 0's, {name_of(arm)}"
                )


def _ratio(found: dict[str, Any]) -> str:
    """Return a ratio that the report claims, "≈ 1" where step 0 differs as much from itself, else nothing."""
    if found["ratio"] is None or found["finding"] in ("unchecked", "reference"):
        return ""
    if found["finding"] == "alike":
        return "≈ 1" if found["value"]["rounds"] > 1 else ""
    return f"{found['ratio_bound']}{figure(found['ratio']['middle'])}"


def _storage(run: Run) -> Iterator[Figure]:
    for each in run["storage"]:
        for kind, what in (("post", "a post"), ("mark", "a like or a tag")):
            size = sum(each[f"{kind}_bytes"].values())
            about = f"bytes on disk of {what}, in all stores, {name_of(each['arm'])}"
            yield Figure(f"storage-{kind}-{SUBJECTS[each['arm']]}", f"{size:,.0f}", about)


def _size(run: Run) -> Iterator[Figure]:
    for each in run["size"]:
        subject, step = SUBJECTS[each["arm"]], name_of(each["arm"])
        yield Figure(f"lines-{subject}", f"{each['lines']:,}", f"lines of code that a reader follows, {step}")
        yield Figure(f"files-{subject}", f"{each['files']:,}", f"files that a reader follows, {step}")
        yield Figure(f"own-lines-{subject}", f"{each['own_lines']:,}", f"lines of its own, {step}")
        yield Figure(f"own-files-{subject}", f"{each['own_files']:,}", f"files of its own, {step}")
