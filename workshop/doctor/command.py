"""`./stones doctor`: shows what this machine lacks and how to mend it."""

import sys

import click

from workshop.doctor.report import report


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Show what this machine lacks and how to mend it, and what commands need. Exits with 1 when something is
    wrong that is needed.
    """
    sys.exit(report(as_json=as_json))
