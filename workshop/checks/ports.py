"""The ports that steps and parts listen on."""

import os

import click
import psutil

from workshop.checks.finding import OK, Finding
from workshop.ports import Owner, PortTaken, port_from, require_free
from workshop.state import ROOT
from workshop.steps import read_step

STEPS = range(4)


def ports() -> list[Finding]:
    """A finding for each port that a step or a part listens on."""
    faces = [
        _port(f"step {number}", f"STEP{number}_PORT", 8000 + number, f"STEP{number}_HOST", has_step(number))
        for number in STEPS
    ]
    mongo = not os.environ.get("MONGODB_URI")
    nats = has_step(3) and not os.environ.get("NATS_URL")
    mail = not os.environ.get("SMTP_HOST")
    return [
        *faces,
        _port("MongoDB", "MONGO_PORT", 27117, "MONGO_HOST", mongo),
        _port("NATS", "NATS_PORT", 4222, "NATS_HOST", nats),
        _port("SMTP", "MAIL_SMTP_PORT", 1025, "MAIL_HOST", mail),
        _port("mail page", "MAIL_HTTP_PORT", 8025, "MAIL_HOST", mail),
        *(each for number in STEPS if has_step(number) for each in _taken_inside(number)),
    ]


def _taken_inside(number: int) -> list[Finding]:
    """A finding for each port of the processes behind a step's face that cannot be had."""
    try:
        inside = read_step(number).ports
    except click.ClickException as error:
        return [Finding(f"ports of step {number}", "wrong", True, error.message, "unset that variable")]
    host = f"STEP{number}_HOST"
    found = [_port(f"inside step {number}", variable, port, host, True) for variable, port in inside.items()]
    return [each for each in found if each.status != OK]


def has_step(number: int) -> bool:
    """Whether the repository has that step."""
    return any(ROOT.glob(f"step{number}_*/step.toml"))


def _port(what: str, variable: str, default: int, host_variable: str, needed: bool) -> Finding:
    host = os.environ.get(host_variable) or "127.0.0.1"
    try:
        port = port_from(variable, default)
    except click.ClickException as error:
        return Finding(f"port of {what}", "wrong", needed, error.message, f"unset {variable}")
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
    """Steps and parts run in the repository's folder."""
    if owner.pid is None:
        return False
    try:
        return psutil.Process(owner.pid).cwd() == str(ROOT)
    except psutil.Error:
        return False
