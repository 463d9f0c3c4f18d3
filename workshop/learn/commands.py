"""`./stones learn`, `./stones check` and `./stones reset`: the exercises."""

import sys
from contextlib import suppress

import click

from workshop.learn.material.exercises import Exercise, find
from workshop.learn.material.progress import Progress
from workshop.learn.material.workspace import workspace_of
from workshop.learn.session.checking import Result, results
from workshop.learn.session.loop import Session
from workshop.learn.session.screen import Screen, is_passed
from workshop.state import ROOT

step_option = click.option("--step", required=True, type=int, help="The step of the exercise.")
exercise_option = click.option("--exercise", "number", type=int, help="Its number.")


@click.command()
@click.option("--list", "only_list", is_flag=True, help="Only list the exercises, and which are solved.")
@click.option("--from", "begin", metavar="N.K", help="Begin with exercise K of step N.")
def learn(only_list: bool, begin: str | None) -> None:
    """Go through the exercises. Without a terminal, check them in order up to the first that is not solved,
    and exit with 1 if there is one.
    """
    screen, progress = Screen(), Progress()
    first = _named(begin) if begin else next(iter(progress.left()), None)
    if only_list:
        screen.list(progress, first)
    elif sys.stdin.isatty() and sys.stdout.isatty():
        _learn_here(first, screen, progress)
    else:
        _check_all(screen, progress)


@click.command()
@step_option
@exercise_option
@click.option("--hint", is_flag=True, help="Show the next hint instead.")
@click.option("--solution", is_flag=True, help="Show what a solution changes instead.")
def check(step: int, number: int | None, hint: bool, solution: bool) -> None:
    """Check one exercise in its running step, or in one that is started for it. Exits with 1 if it is not
    solved.
    """
    exercise, screen, progress = find(step, number), Screen(), Progress()
    if hint:
        screen.hint(exercise, progress)
    elif solution:
        screen.solution(exercise)
    elif not _is_solved(exercise, screen, progress):
        screen.say(f"A hint: {exercise.check_command} HINT=1")
        sys.exit(1)


@click.command()
@step_option
@exercise_option
def reset(step: int, number: int | None) -> None:
    """Make the copy of an exercise anew; keep what was in it."""
    exercise = find(step, number)
    kept = workspace_of(exercise).reset()
    Progress().forget(exercise)
    what = f"; what you had is in {kept.relative_to(ROOT)}" if kept else ""
    click.echo(f"work/{exercise.name} is as at the start of the exercise{what}.")


def _learn_here(first: Exercise | None, screen: Screen, progress: Progress) -> None:
    if first is None:
        screen.end()
        return
    with suppress(KeyboardInterrupt):
        Session(first, screen, progress).run()
    screen.say("Your copies and your progress stay in work/; `make learn` goes on from here.")


def _check_all(screen: Screen, progress: Progress) -> None:
    for exercise in progress.left():
        if not _is_solved(exercise, screen, progress):
            screen.list(progress, exercise)
            sys.exit(1)
    screen.end()


def _is_solved(exercise: Exercise, screen: Screen, progress: Progress) -> bool:
    """Check an exercise, and print what is found."""
    workspace = workspace_of(exercise)
    workspace.create()
    screen.say(f"{exercise.name}  {exercise.title} (your copy: work/{exercise.name})")
    found: list[Result] = []
    for result in results(workspace):
        screen.result(result)
        found.append(result)
    if is_passed(found):
        progress.solve(exercise)
        screen.say(f"Solved: {exercise.name}.")
    return is_passed(found)


def _named(name: str) -> Exercise:
    step, _, number = name.partition(".")
    if not (step.isdigit() and number.isdigit()):
        raise click.BadParameter(f"{name} is no exercise; 2.1 is the first of step 2.", param_hint="--from")
    return find(int(step), int(number))
