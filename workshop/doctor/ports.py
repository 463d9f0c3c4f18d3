"""Checks the ports that steps and servers listen on."""

import click
import psutil

from workshop.addresses import host_from
from workshop.default_ports import SHARED_PORTS
from workshop.doctor.finding import OK, Finding
from workshop.ports import Owner, PortTaken, port_from, require_free
from workshop.run.lock import running_steps
from workshop.steps import read_step, step_numbers
from workshop.stores.server import shared_server_pids


def check_ports() -> list[Finding]:
    """Check each port that a step or a server listens on."""
    faces = [
        _check_port(f"step {number}", f"STEP{number}_PORT", f"STEP{number}_HOST", True)
        for number in step_numbers()
    ]
    return [
        *faces,
        *(
            _check_port(each.name, each.variable, each.host_variable, not each.is_given)
            for each in SHARED_PORTS
        ),
        *(each for number in step_numbers() for each in _taken_inside(number)),
    ]


def _taken_inside(number: int) -> list[Finding]:
    """Return a finding for each port behind a step's face that is not available."""
    try:
        inside = read_step(number).ports
    except click.ClickException as error:
        return [Finding(f"ports of step {number}", "wrong", True, error.message, "unset that variable")]
    host = f"STEP{number}_HOST"
    found = [_check_port(f"inside step {number}", variable, host, True) for variable in inside]
    return [each for each in found if each.status != OK]


def has_step(number: int) -> bool:
    """Return whether the repository has that step."""
    return number in step_numbers()


def _check_port(what: str, variable: str, host_variable: str, needed: bool) -> Finding:
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
            return Finding(name, OK, needed, f"used by the workshop itself: {taken.owner}")
        return Finding(name, "taken", needed, f"by {taken.owner}", f"export {variable}={taken.other}")
    except click.ClickException as error:
        return Finding(name, "wrong", needed, error.message, f"unset {host_variable} {variable}")
    return Finding(name, OK, needed, f"free; {variable} sets another")


def _is_ours(owner: Owner) -> bool:
    """Return whether the process belongs to a run with this state folder: the run itself, its children, and
    the shared servers.
    """
    if owner.pid is None:
        return False
    runs = {info.pid for info in running_steps().values() if info}
    try:
        process = psutil.Process(owner.pid)
        family = {process.pid, *(each.pid for each in process.parents())}
    except psutil.Error:
        return False
    return not family.isdisjoint(runs) or owner.pid in shared_server_pids()
