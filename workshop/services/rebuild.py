"""`./stones rebuild`: a service's copies, made anew."""

import time
from typing import Any

import click
import requests

from workshop import local, state
from workshop.claims import require_run
from workshop.services import files
from workshop.services.options import of_step
from workshop.services.tool import call_tool
from workshop.steps import read_step

SYNC = "sync"
RAPIDS = "rapids"
DONE_SECONDS = 600


@click.command()
@of_step
@click.option("--empty", is_flag=True, help="Throw the old ones away first; where the step has rapids.")
@click.argument("service")
def rebuild(step: int, empty: bool, service: str) -> None:
    """Have a service's copies of others' documents made anew, while it goes on serving the old ones."""
    described = read_step(step)
    if RAPIDS in described.commands:
        call_tool(described, RAPIDS, "rebuild", service, *(["--empty"] if empty else []))
    elif empty:
        raise click.ClickException(f"Services of step {step} do not empty what they serve from.")
    else:
        _from_sync(step, service)


def _from_sync(step: int, service: str) -> None:
    require_run(step)
    urls = [url for place in files.read_services_file(step).get(SYNC, {}).values() for url in place.urls]
    if not urls:
        raise click.ClickException(f"The service {SYNC} is not up; `./stones services` tells what is.")
    secret = {"Operator-Secret": state.secret(f"operator secret of step {step}")}
    for url in urls:  # each instance has its own carriers
        told = _asked("POST", f"{url}/rebuilds/{service}", headers=secret)
    waiting = set(told["relations"])
    click.echo(f"Begun: {', '.join(sorted(waiting))}")
    deadline = time.monotonic() + DONE_SECONDS
    while waiting:
        if time.monotonic() > deadline:
            raise click.ClickException(f"Not done within {DONE_SECONDS} s: {', '.join(sorted(waiting))}.")
        time.sleep(1)
        for relation in sorted(waiting):
            found = _asked("GET", f"{urls[0]}/relations/{relation}")
            # Both are ISO 8601 in UTC to the second, which compare as text.
            if found["state"] == "follows" and (found.get("began") or "") >= told["at"]:
                waiting.discard(relation)
                click.echo(f"{relation}: done, {found['filled']:,} documents")


def _asked(method: str, url: str, **arguments: Any) -> Any:
    try:
        answer = local.ask(url, method, timeout=30, **arguments)
    except requests.RequestException as error:
        raise click.ClickException(f"{url} does not answer ({type(error).__name__}).") from None
    if not answer.ok:
        raise click.ClickException(str(answer.json()["_error"]["message"]))
    return answer.json()
