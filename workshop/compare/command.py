"""`./stones compare`: what each architecture costs and buys, on this machine."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from workshop import signals
from workshop.compare.effort import FULL, QUICK
from workshop.compare.journal import FILE, Journal
from workshop.compare.plan import EXPERIMENTS, IN_QUICK, Block, make_plan, not_done, total_seconds
from workshop.compare.system.arms import Arm, all_arms, missing_for
from workshop.compare.system.stores import stores_in, sync_ms
from workshop.state import ROOT
from workshop.steps import read_step

RESULTS = {False: ROOT / "artefacts" / "comparison", True: ROOT / "artefacts" / "comparison-quick"}
"""Where a run and its report are, by whether it is quick."""

PUBLISHED = ROOT / "docs" / "comparison"


@click.command()
@click.option("--quick", is_flag=True, help="Measure what matters most, in a few minutes.")
@click.option("--render", is_flag=True, help="Write the report of the last run again, and measure nothing.")
@click.option("--only", type=click.Choice([*EXPERIMENTS]), multiple=True, help="Do only this. Repeatable.")
@click.option("--step", "steps", type=int, multiple=True, help="Only with this step. Repeatable.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the run and its report are.  [default: artefacts/comparison, with --quick …-quick]",
)
@click.option("--again", is_flag=True, help="Do not continue an interrupted run; begin a new one.")
@click.option("--on-disk", is_flag=True, help="Keep stores on the disk, as users do, and not in memory.")
@click.option(
    "--publish", is_flag=True, help="Write the report of a complete full run to docs/comparison, too."
)
def compare(
    *,
    quick: bool,
    render: bool,
    only: tuple[str, ...],
    steps: tuple[int, ...],
    folder: Path | None,
    again: bool,
    on_disk: bool,
    publish: bool,
) -> None:
    """Measure all steps side by side, and write a report.

    A run that was interrupted is continued by the same command. The report, its figures and the raw data are
    in one folder.
    """
    for number in steps:
        read_step(number)  # raises click.ClickException for a step that does not exist
    folder = folder.absolute() if folder else RESULTS[quick]
    if render:
        _render(Journal.read(folder), quick, publish)
        return
    arms = [each for each in all_arms().values() if not steps or each.step in steps]
    if quick:
        arms = [each for each in arms if not each.is_cached]
    names = [name for name in EXPERIMENTS if (name in only if only else not quick or name in IN_QUICK)]
    signals.install()
    journal: Journal | None = None
    failed: list[str] | None = None  # until the plan is worked through
    try:
        with signals.interruptible():
            journal, plan = _begin(folder, arms, names, quick=quick, again=again, on_disk=on_disk)
            failed = _work(journal, plan, quick)
    except KeyboardInterrupt:
        click.echo("Stopped; nothing is left running. The same command continues.", err=True)
        sys.exit(signals.exit_code())
    finally:
        signals.ignore()
        if journal is not None:
            try:
                _render(journal, quick, publish and failed == [])
            except OSError as error:  # it must not hide why the run ended
                click.echo(f"The report could not be written: {error.strerror}.", err=True)
    if failed:
        raise click.ClickException(f"Not measured: {', '.join(failed)}. The report says why.")


def _begin(
    folder: Path, arms: Sequence[Arm], names: Sequence[str], *, quick: bool, again: bool, on_disk: bool
) -> tuple[Journal, list[Block]]:
    """Return the journal of a run, a new one or that of an interrupted run, and the plan."""
    from workshop.compare.run import describe_run, require_same  # noqa: PLC0415
    from workshop.load.progress import duration  # noqa: PLC0415

    effort = QUICK if quick else FULL
    able = _able(arms)
    about = describe_run(effort, quick=quick, on_disk=on_disk)
    journal = Journal.read(folder)
    earlier = journal.about
    plan = make_plan(effort, able, names, (earlier or about).seed)
    is_continued = (
        not again
        and earlier is not None
        and require_same(journal, about) is None
        and bool(not_done(plan, journal.done))
    )
    if is_continued:
        journal.forget_incomplete()
        done = len(plan) - len(not_done(plan, journal.done))
        click.echo(
            f"Continuing the run of {earlier.date if earlier else ''}: {done} of {len(plan)} blocks are done."
        )
    else:
        plan = make_plan(effort, able, names, about.seed)
        journal = Journal.begin(folder, replace(about, sync_ms=sync_ms()))
    left = duration(total_seconds(not_done(plan, journal.done)))
    click.echo(f"Comparing takes about {left} on two idle cores. Leave the machine alone meanwhile.")
    for name in names:
        click.echo(f"  {name:<10}  {EXPERIMENTS[name]}")
    if quick:
        others = ", ".join(each for each in EXPERIMENTS if each not in names)
        click.echo(
            f"Only the full run, `make compare`, shows: {others}; visitors only, and signed-in readers only."
        )
    for arm in arms:
        if reason := missing_for(arm):
            click.echo(reason)
    return journal, plan


def _able(arms: Sequence[Arm]) -> list[Arm]:
    """Return the arms for which this machine lacks nothing."""
    return [each for each in arms if missing_for(each) is None]


def _work(journal: Journal, plan: Sequence[Block], quick: bool) -> list[str]:
    from workshop.compare.progress import Shown  # noqa: PLC0415
    from workshop.compare.run import Run  # noqa: PLC0415

    shown = Shown(len(plan), len(plan) - len(not_done(plan, journal.done)))
    run = Run(journal, QUICK if quick else FULL, shown)
    with stores_in(run.about.stores):
        return run.work(plan)


def _require_complete(journal: Journal) -> None:
    """Raise click.ClickException if a journal is not that of a complete full run."""
    about = journal.about
    if about is None or about.quick:
        raise click.ClickException("Only a full run can be published. Run: make compare")
    plan = make_plan(FULL, _able([*all_arms().values()]), [*EXPERIMENTS], about.seed)
    if left := not_done(plan, journal.done):
        raise click.ClickException(
            f"{len(left)} blocks of the run are not done, {left[0].name} for one. Run: make compare"
        )


def _render(journal: Journal, quick: bool, publish: bool) -> None:
    """Write the report of a journal. Raises click.ClickException if there is nothing to report."""
    from workshop.compare.report import write_headline, write_report  # noqa: PLC0415
    from workshop.figures.command import write_texts  # noqa: PLC0415
    from workshop.figures.figure import published_figures  # noqa: PLC0415

    if journal.about is None:
        hint = " QUICK=1" if quick else ""
        raise click.ClickException(
            f"There is no run to report in {journal.folder}. Make one: make compare{hint}"
        )
    write_report(journal.observations, journal.folder)
    click.echo(f"The report: {journal.folder / 'index.html'}")
    if publish:
        _require_complete(journal)
        PUBLISHED.mkdir(parents=True, exist_ok=True)
        write_report(journal.observations, PUBLISHED)
        (PUBLISHED / FILE).write_bytes((journal.folder / FILE).read_bytes())
        write_headline(journal.observations, ROOT / "README.md", PUBLISHED.relative_to(ROOT).as_posix())
        write_texts(published_figures())
        click.echo(f"Published: {PUBLISHED.relative_to(ROOT)}")
