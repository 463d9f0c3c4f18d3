"""`./stones doctor`: shows what this machine lacks and how to mend it."""

import json
import sys
from dataclasses import asdict

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workshop.doctor.finding import Finding
from workshop.doctor.machine import check_machine
from workshop.doctor.mongod import check_mongod
from workshop.doctor.ports import check_ports
from workshop.doctor.programs import check_programs


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(as_json: bool) -> None:
    """Show what this machine lacks and how to mend it. Exits with 1 when something is wrong that is
    needed.
    """
    findings = [*check_machine(), check_mongod(), *check_programs(), *check_ports()]
    needed = [each for each in findings if each.needed and not each.ok]
    if as_json:
        click.echo(json.dumps({"ok": not needed, "findings": [asdict(each) for each in findings]}, indent=1))
    else:
        _show(findings)
        click.echo(_verdict(findings, needed))
    sys.exit(1 if needed else 0)


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Check", no_wrap=True)
    table.add_column("State", no_wrap=True)
    table.add_column("Found", overflow="fold")
    for each in findings:
        table.add_row(escape(each.name), _state(each), escape(each.found), style=_style(each))
    console.print(table)
    for each in findings:
        if each.mend and not each.ok:
            console.print(f"To mend {escape(each.name)}:")
            # On a line of its own and never wrapped, so that it can be copied.
            console.print(f"    {escape(each.mend)}", soft_wrap=True)
    if any(each.mend and not each.ok for each in findings):
        console.print()


def _state(finding: Finding) -> str:
    if finding.ok:
        return "ok"
    return f"{finding.status} ({'needed' if finding.needed else 'optional'})"


def _style(finding: Finding) -> str:
    if finding.ok:
        return ""
    return "red" if finding.needed else "yellow"


def _verdict(findings: list[Finding], needed: list[Finding]) -> str:
    if needed:
        return f"Not ready: {', '.join(each.name for each in needed)}."
    optional = [each.name for each in findings if not each.ok]
    without = f" Optional and not here: {', '.join(optional)}." if optional else ""
    return f"Ready: everything needed is here.{without}"
