"""The `rapids` command, for operators and for who wants to look."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import orjson

from kit.logs import configure_logs
from step3_async.contracts.asyncapi import asyncapi as as_document
from step3_async.rapids.bus import Bus, StoredDeadLetter, Unavailable, event_topic
from step3_async.rapids.connect import connect
from step3_async.rapids.lines import line_of, name_of
from step3_async.rapids.nats.streams import provision
from step3_async.rapids.rebuilding import NotRebuilt
from step3_async.rapids.rebuilding import rebuild as rebuild_pond

Result = TypeVar("Result")

of_river = click.option("--river", help="Only those of this river, which is called like its service.")


@click.group()
def main() -> None:
    """See and steer the rapids that NATS_URL names."""
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    configure_logs("rapids")


@main.command()
def setup() -> None:
    """Make the rapids and the place for dead letters, or change their limits to the RAPIDS_ variables'."""
    _awaited(provision())
    click.echo("The rapids are there.")


@main.command()
@of_river
def dead(river: str | None) -> None:
    """List events that could not be handled, each with its number, and why."""
    letters = _connected(lambda transport: transport.dead_letters(river))
    for kept in letters:
        letter = kept.letter
        click.echo(f"{kept.number:>6}  {letter.river:<10} {name_of(letter.data)}  {letter.attempts} tries")
        click.echo(f"        {letter.error}")
    if not letters:
        click.echo("There are no dead letters.")


@main.command()
@of_river
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.argument("numbers", type=int, nargs=-1)
def replay(river: str | None, everything: bool, numbers: tuple[int, ...]) -> None:
    """Hand dead letters to their rivers once more: those with these NUMBERS, or all."""
    if bool(numbers) is everything:
        raise click.UsageError("Say either numbers, which `rapids dead` tells, or --all.")

    async def put_back(transport: Bus) -> list[StoredDeadLetter]:
        letters = [
            each for each in await transport.dead_letters(river) if everything or each.number in numbers
        ]
        if unknown := set(numbers) - {each.number for each in letters}:
            raise click.ClickException(f"There is no dead letter {', '.join(map(str, sorted(unknown)))}.")
        for each in letters:
            await transport.redrive(each)
        return letters

    letters = _connected(put_back)
    click.echo(f"Put back: {len(letters)}.")


@main.command()
@click.option("--empty", is_flag=True, help="Throw away what is there first.")
@click.option("--patience", default=600.0, show_default=True, help="Seconds to wait until it is done.")
@click.argument("service")
def rebuild(service: str, empty: bool, patience: float) -> None:
    """Have the pond of SERVICE made anew from its owners, while it goes on serving what it has."""
    _connected(lambda transport: rebuild_pond(transport, service, empty, patience, click.echo))


@main.command()
@click.option("--domain", default="*", help="Only events of this domain.")
@click.option("--json", "as_json", is_flag=True, help="Whole events, one a line.")
@click.option("--count", type=int, help="End after so many.")
def watch(domain: str, as_json: bool, count: int | None) -> None:
    """Print events as they pass, until Ctrl-C."""

    async def work(transport: Bus) -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue(10_000)

        async def hear(_topic: str, text: bytes) -> None:
            await heard.put(text)

        await transport.subscribe(event_topic(domain), hear)
        click.echo("Watching.", err=True)
        left = count
        while left is None or left > 0:
            text = await heard.get()
            click.echo(text if as_json else line_of(text))
            left = left - 1 if left is not None else None

    _connected(work)


@main.command()
def asyncapi() -> None:
    """Print the events' AsyncAPI document."""
    click.echo(orjson.dumps(as_document(), option=orjson.OPT_INDENT_2))


def _connected(work: Callable[[Bus], Awaitable[Result]]) -> Result:
    """What `work` gives, done with a transport. Raises ClickException where there is none."""

    async def with_transport() -> Result:
        transport = await connect("rapids")
        try:
            if not transport.connected:
                raise Unavailable("nobody answers there, or it refuses the user")
            return await work(transport)
        finally:
            await transport.close()

    return _awaited(with_transport())


def _awaited(work: Awaitable[Result]) -> Result:
    async def run() -> Result:
        return await work

    try:
        return asyncio.run(run())
    except Unavailable as error:
        raise click.ClickException(
            f"The rapids cannot be reached: {error}. Is the step up, and NATS_URL right?"
        ) from None
    except NotRebuilt as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.Abort from None
