"""The command `rapids`, for operators and for people who want to see events."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click
import orjson
from pydantic import ValidationError

from kit.logs import configure_logs
from step3_async.contracts.asyncapi import asyncapi as asyncapi_document
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, Page
from step3_async.rapids.bus import Bus, StoredDeadLetter, Unavailable, event_topic
from step3_async.rapids.connect import connect
from step3_async.rapids.nats.streams import provision
from step3_async.rapids.pond.tombstones import TOMBSTONES_KEPT
from step3_async.rapids.rebuild import RebuildFailed
from step3_async.rapids.rebuild import rebuild as rebuild_pond

Result = TypeVar("Result")

of_river = click.option("--river", help="Only those of this river, which has the name of its service.")


@click.group()
def main() -> None:
    """Look at the rapids that NATS_URL names, and operate them."""
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    configure_logs("rapids")


@main.command()
def setup() -> None:
    """Make the streams of events and dead letters, or set their limits to those of the RAPIDS_ variables."""
    _run(provision())
    click.echo("The rapids are there.")


@main.command()
@of_river
def dead(river: str | None) -> None:
    """List dead letters, the events that could not be handled, with their numbers and errors."""
    dead_letters = _with_bus(lambda bus: bus.dead_letters(river))
    for stored in dead_letters:
        dead_letter = stored.dead_letter
        name = _name(dead_letter.data)
        click.echo(f"{stored.number:>6}  {dead_letter.river:<10} {name}  {dead_letter.attempts} attempts")
        click.echo(f"        {dead_letter.error}")
    if not dead_letters:
        click.echo("There are no dead letters.")


@main.command()
@of_river
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.argument("numbers", type=int, nargs=-1)
def redrive(river: str | None, everything: bool, numbers: tuple[int, ...]) -> None:
    """Deliver dead letters to their rivers once more: those with these NUMBERS, or all.

    Events that are older than a pond's tombstones are not delivered: they could bring deleted documents back.
    """
    if bool(numbers) is everything:
        raise click.UsageError("Give either numbers, which `rapids dead` lists, or --all.")

    async def deliver(bus: Bus) -> tuple[list[StoredDeadLetter], list[StoredDeadLetter]]:
        chosen = [each for each in await bus.dead_letters(river) if everything or each.number in numbers]
        if unknown := set(numbers) - {each.number for each in chosen}:
            raise click.ClickException(f"There is no dead letter {', '.join(map(str, sorted(unknown)))}.")
        old = [each for each in chosen if _is_older_than_tombstones(each.dead_letter.data)]
        chosen = [each for each in chosen if each not in old]
        for each in chosen:
            await bus.redrive(each)
        return chosen, old

    redriven, old = _with_bus(deliver)
    click.echo(f"Redriven: {len(redriven)}.")
    if old:
        raise click.ClickException(
            f"Left: {', '.join(str(each.number) for each in old)}. An event older than "
            f"{TOMBSTONES_KEPT.days} days could bring a deleted document back. `rapids rebuild SERVICE` "
            "fills the pond from the owners instead."
        )


@main.command()
@click.option("--empty", is_flag=True, help="Delete what is there first.")
@click.option("--patience", default=600.0, show_default=True, help="Seconds to wait until it is done.")
@click.argument("service")
def rebuild(service: str, empty: bool, patience: float) -> None:
    """Fill the pond of SERVICE again from its owners, while it responds from what it has."""
    _with_bus(lambda bus: rebuild_pond(bus, service, empty, patience, click.echo))


@main.command()
@click.option("--domain", default="*", help="Only events of this domain.")
@click.option("--json", "as_json", is_flag=True, help="Whole events, one a line.")
@click.option("--count", type=int, help="Stop after so many.")
def watch(domain: str, as_json: bool, count: int | None) -> None:
    """Print events as they are published, until Ctrl-C."""

    async def work(bus: Bus) -> None:
        published: asyncio.Queue[bytes] = asyncio.Queue(10_000)

        async def take(_topic: str, content: bytes) -> None:
            await published.put(content)

        await bus.subscribe(event_topic(domain), take)
        click.echo("Watching.", err=True)
        left = count
        while left is None or left > 0:
            data = await published.get()
            click.echo(data if as_json else _line(data))
            left = left - 1 if left is not None else None

    _with_bus(work)


@main.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of all events."""
    click.echo(orjson.dumps(asyncapi_document(), option=orjson.OPT_INDENT_2))


def _is_older_than_tombstones(data: bytes) -> bool:
    try:
        event = Event.model_validate_json(data)
    except ValidationError:
        return False
    return datetime.now(UTC) - event.timestamp > TOMBSTONES_KEPT


def _name(data: bytes) -> str:
    """Return the name of an event for people."""
    try:
        event = Event.model_validate_json(data)
    except ValidationError:
        return f"no event, {len(data)} bytes"
    return f"{event.event_domain} {event.event_name} {event.key}"


def _line(data: bytes) -> str:
    """Return an event as a line for people."""
    try:
        event = Event.model_validate_json(data)
        if event.event_name == SNAPSHOT_PAGE:
            page = Page.model_validate(event.payload)
            content = f"{len(page.documents)} documents up to {page.upto or 'the end'}"
        else:
            content = f"{event.key}  {orjson.dumps(event.payload).decode()}"
    except ValidationError:
        return f"no event, {len(data)} bytes"
    at = event.timestamp.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return f"{at}  {event.event_domain:<8} {event.event_name:<14} {content}"


def _with_bus(work: Callable[[Bus], Awaitable[Result]]) -> Result:
    """Return the result of `work`. Raises ClickException where the rapids cannot be reached."""

    async def connected() -> Result:
        bus = await connect("rapids")
        try:
            if not bus.connected:
                raise Unavailable("nobody replies there, or the user is refused")
            return await work(bus)
        finally:
            await bus.close()

    return _run(connected())


def _run(work: Awaitable[Result]) -> Result:
    async def run() -> Result:
        return await work

    try:
        return asyncio.run(run())
    except Unavailable as error:
        raise click.ClickException(
            f"The rapids cannot be reached: {error}. Is the step up, and NATS_URL right?"
        ) from None
    except (RebuildFailed, RuntimeError) as error:  # or a variable that makes no sense
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.Abort from None
