"""`./stones figures`: the comparison's figures by name, and their places in texts."""

import click

from workshop import terminal
from workshop.figures.figure import Figure, published_figures
from workshop.figures.marks import faults, filled, texts
from workshop.state import ROOT


@click.command()
@click.option("--write", is_flag=True, help="Fill them in wherever a text has a place for one.")
def figures(*, write: bool) -> None:
    """List the figures of the published comparison by name, with what each is.

    A text has a place for one: <!--figure NAME--><!--/figure-->; a slide has {{NAME}}.
    """
    found = published_figures()
    if write:
        write_texts(found)
        return
    name_width = max(map(len, found))
    value_width = max(len(each.value) for each in found.values())
    for each in found.values():
        terminal.write(f"{each.name:{name_width}}  {each.value:{value_width}}  {each.about}")


def write_texts(found: dict[str, Figure]) -> None:
    """Fill in the figures of all committed texts, and print which texts changed.

    Raises click.ClickException for a mark with an unknown name or without an end, after all others are
    filled in.
    """
    wrong = []
    for path in texts():
        before = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        wrong += [f"{name}:{each.line}: {each.text}" for each in faults(before, found)]
        after = filled(before, found)
        if after != before:
            path.write_text(after, encoding="utf-8")
            terminal.write(f"Figures written: {name}")
    if wrong:
        raise click.ClickException("\n".join([*wrong, "`./stones figures` lists the names."]))
