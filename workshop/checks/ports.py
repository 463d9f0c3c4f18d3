"""The ports that steps and parts listen on."""

import click
import psutil

from workshop.addresses import host_from
from workshop.checks.finding import OK, Finding
from workshop.claims import running
from workshop.defaults import SHARED
from workshop.ports import Owner, PortTaken, port_from, require_free
from workshop.steps import read_step, step_numbers
from workshop.stores.part import shared_pids


def ports() -> list[Finding]:
    """A finding for each port that a step or a part listens on."""
    faces = [
        _port(f"step {number}", f"STEP{number}_PORT", f"STEP{number}_HOST", True) for number in step_numbers()
    ]
    return [
        *faces,
        *(_port(each.name, each.variable, each.host_variable, not each.is_given) for each in SHARED),
        *(each for number in step_numbers() for each in _taken_inside(number)),
    ]


def _taken_inside(number: int) -> list[Finding]:
    """A finding for each port of the processes behind a step's face that cannot be had."""
    try:
        inside = read_step(number).ports
    except click.ClickException as error:
        return [Finding(f"ports of step {number}", "wrong", True, error.message, "unset that variable")]
    host = f"STEP{number}_HOST"
    found = [_port(f"inside step {number}", variable, host, True) for variable in inside]
    return [each for each in found if each.status != OK]


def has_step(number: int) -> bool:
    """Whether the repository has that step."""
    return number in step_numbers()


def _port(what: str, variable: str, host_variable: str, needed: bool) -> Finding:
    try:
        port = port_from(variable)
    except click.ClickException as error:
        return Finding(f"port of {what}", "wrong", needed, error.message, f"unset {variable}")
    try:
        host = host_from(host_variable)
    except click.ClickException as error:
        return Finding(f"address of {what}", "wrong", needed, error.message, f"unset {host_variable}")
    name = f"port {port} ({what})"
    try:
        require_free(port, variable, host)
    except PortTaken as taken:
        if _is_ours(taken.owner):
            return Finding(name, OK, needed, f"held by the workshop itself: {taken.owner}")
        return Finding(name, "taken", needed, f"by {taken.owner}", f"export {variable}={taken.other}")
    except click.ClickException as error:
        return Finding(name, "wrong", needed, error.message, f"unset {host_variable} {variable}")
    return Finding(name, OK, needed, f"free; {variable} moves it")


def _is_ours(owner: Owner) -> bool:
    """Whether it belongs to a run of this state folder: the run itself, its children, and the servers that
    runs share.
    """
    if owner.pid is None:
        return False
    runs = {claim.pid for claim in running().values() if claim}
    try:
        process = psutil.Process(owner.pid)
        family = {process.pid, *(each.pid for each in process.parents())}
    except psutil.Error:
        return False
    return not family.isdisjoint(runs) or owner.pid in shared_pids()
