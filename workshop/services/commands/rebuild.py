"""`./stones rebuild`: makes the copies of a service anew."""

import time
from typing import Any

import click
import requests

from workshop import local_http, state
from workshop.run.lock import require_running
from workshop.services import state_files
from workshop.services.commands.options import step_option
from workshop.services.commands.step_command import run_step_command
from workshop.steps import read_step

SYNC = "sync"
RAPIDS = "rapids"
TIMEOUT_SECONDS = 600


@click.command()
@step_option
@click.option("--empty", is_flag=True, help="First delete the old copies (only where the step has rapids).")
@click.argument("service")
def rebuild(step: int, empty: bool, service: str) -> None:
    """Make the copies of a service anew.

    These are its copies of other services' documents. It serves the old ones meanwhile.
    """
    described = read_step(step)
    if RAPIDS in described.commands:
        run_step_command(described, RAPIDS, "rebuild", service, *(["--empty"] if empty else []))
    elif empty:
        raise click.ClickException(f"Step {step} has no rapids, so --empty is not possible there.")
    else:
        _rebuild_from_sync(step, service)


def _rebuild_from_sync(step: int, service: str) -> None:
    require_running(step)
    urls = [url for each in state_files.read_endpoints(step).get(SYNC, {}).values() for url in each.urls]
    if not urls:
        raise click.ClickException(f"The service {SYNC} is not up. `./stones services` shows what is.")
    secret = {"Operator-Secret": state.secret(f"operator secret of step {step}")}
    for url in urls:  # each instance has its own carriers
        accepted = _request("POST", f"{url}/rebuilds/{service}", headers=secret)
    waiting = set(accepted["relations"])
    click.echo(f"Begun: {', '.join(sorted(waiting))}")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while waiting:
        if time.monotonic() > deadline:
            raise click.ClickException(f"Not done within {TIMEOUT_SECONDS} s: {', '.join(sorted(waiting))}.")
        time.sleep(1)
        for relation in sorted(waiting):
            status = _request("GET", f"{urls[0]}/relations/{relation}")
            # Both are ISO 8601 in UTC to the second, which compare as text.
            if status["state"] == "follows" and (status.get("began") or "") >= accepted["at"]:
                waiting.discard(relation)
                click.echo(f"{relation}: done, {status['filled']:,} documents")


def _request(method: str, url: str, **options: Any) -> Any:
    try:
        response = local_http.request(url, method, timeout=30, **options)
    except requests.RequestException as error:
        raise click.ClickException(f"{url} does not respond ({type(error).__name__}).") from None
    if not response.ok:
        raise click.ClickException(str(response.json()["_error"]["message"]))
    return response.json()
