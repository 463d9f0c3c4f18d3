"""Names of what the run was: when, where, with which objective, and what its generator can do."""

from collections.abc import Iterator

from workshop.compare.report.numbers import milliseconds
from workshop.figures.figure import Figure, Run


def figures(run: Run) -> Iterator[Figure]:
    """Yield the figures of a run."""
    about, machine = run["about"], run["about"]["machine"]
    yield Figure("run-date", about["date"][:10], "the day of the run")
    yield Figure("run-commit", about["commit"][:12], "the commit that was measured")
    yield Figure("run-processor", machine["processor"], "the processor of the machine")
    yield Figure("run-cores", str(machine["cores"]), "the machine's cores, shared with the generator")
    yield Figure("run-rounds", str(run["rounds"]), "rounds of all capacities, interleaved")
    yield Figure("run-trials", f"{run['trials']:,}", "trials of the load generator")
    yield Figure(
        "objective-p99", f"{about['slo_ms']:g} ms", "p99 that a step must stay below at its capacity"
    )
    yield Figure("objective-errors", f"{100 * about['slo_errors']:g} %", "errors that a step must stay below")
    compared = {each["requests"] for each in run["equality"]}
    different = sum(len(each["different"]) for each in run["equality"])
    if compared:
        yield Figure("equal-requests", f"{min(compared):,}", "requests that were sent to all steps")
        yield Figure("equal-different", f"{different:,}", "responses that differed from step 0's")
    if instrument := run["instrument"]:
        yield Figure("generator-limit", f"{instrument['limit']:,.0f}", "requests a second of the generator")
        if stall := instrument["stall"]:
            for loop in ("open", "closed"):
                p99 = milliseconds(stall[f"{loop}_p99_ms"])
                yield Figure(
                    f"stall-{loop}-p99", p99, f"p99 of a server that stops for 1 s in 5, {loop} loop"
                )
