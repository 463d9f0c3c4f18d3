"""`./stones hang`: lets the mail catcher reply late, for all steps that use it."""

import os
import re

import click
import requests

from workshop import local_http
from workshop.mailbox.hang import LONGEST_SECONDS
from workshop.run.lock import running_steps
from workshop.stores.mail import MailCatcher

UNDO = "undo"
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
TIME = re.compile(rf"(?P<number>[0-9]+(\.[0-9]+)?)(?P<unit>{'|'.join(UNITS)})", re.ASCII)
TIMEOUT_SECONDS = 10


@click.command()
@click.argument("part", type=click.Choice(["mail"]))
@click.argument("time", metavar=f"TIME|{UNDO}")
def hang(part: str, time: str) -> None:
    """Let each mail wait for TIME before SMTP accepts it.

    TIME is 500ms, 2s or 1m, for example. `undo` ends that, also for mails that wait already.
    """
    seconds = 0.0 if time == UNDO else parse_time(time)
    url = f"{_running_catcher().page}api/hang"
    try:
        if seconds:
            response = local_http.request(url, "PUT", json={"seconds": seconds}, timeout=TIMEOUT_SECONDS)
        else:
            response = local_http.request(url, "DELETE", timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
    except requests.RequestException as error:
        raise click.ClickException(f"The mail catcher does not respond as it should: {error}") from None
    if seconds:
        click.echo(f"Mail takes {_in_words(seconds)} from now on. Undo: ./stones hang mail {UNDO}")
    else:
        click.echo("Mail is quick again.")


def parse_time(text: str) -> float:
    """Return the seconds that a text such as 500ms, 2s or 1m says. Raises click.ClickException."""
    match = TIME.fullmatch(text)
    if match is None or not (seconds := float(match["number"]) * UNITS[match["unit"]]):
        raise click.ClickException(f"{text} is not a time: give 500ms, 2s or 1m, for example, or {UNDO}.")
    if seconds > LONGEST_SECONDS:
        raise click.ClickException(
            f"{text} is too long: mail can hang for {LONGEST_SECONDS / 60:.0f}m at most."
        )
    return seconds


def _in_words(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def _running_catcher() -> MailCatcher:
    """Return the catcher that runs, at its real address. Raises click.ClickException if none does."""
    catcher = MailCatcher()
    if catcher.find_alive():
        return catcher
    running = running_steps()
    if os.environ.get("SMTP_HOST"):
        why = "SMTP_HOST names a mail server of your own, which this command cannot let hang. Unset it, and "
        why += "start the step again."
    elif any(info and info.in_containers for info in running.values()):
        why = (
            "The step runs in containers, and Mailpit, which catches mail there, cannot hang. Use `make run`."
        )
    elif running:
        why = "The step that runs was started with SMTP_HOST: it uses a mail server of your own, which this "
        why += "command cannot let hang. Start it again without."
    else:
        why = "No mail catcher runs. It starts with a step: `make run`."
    raise click.ClickException(why)
