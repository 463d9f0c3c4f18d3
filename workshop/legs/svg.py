"""Shapes and text as SVG: no ids, no fonts and no addresses of others."""

from html import escape

INK, QUIET, RULE, PAPER = "#1a1a1a", "#555555", "#b5b5b5", "#ffffff"
LETTER = 0.56
"""The width of a letter, as a part of its height: on average, of the usual fonts."""


def width_of(text: str, size: float) -> float:
    """Return about how wide a text is."""
    return len(text) * size * LETTER


def text(
    x: float,
    y: float,
    content: str,
    size: float,
    *,
    colour: str = INK,
    anchor: str = "start",
    bold: bool = False,
    halo: str = "",
) -> str:
    """Return a line of text. With a `halo` in that colour it can be read on lines, too."""
    style = [f'fill="{colour}"']
    if anchor != "start":
        style.append(f'text-anchor="{anchor}"')
    if bold:
        style.append('font-weight="600"')
    if halo:
        style.append(f'stroke="{halo}" stroke-width="4" paint-order="stroke" stroke-linejoin="round"')
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" {" ".join(style)}>'
        f"{escape(content, quote=False)}</text>"
    )


def box(
    x: float, y: float, width: float, height: float, *, fill: str, edge: str = "none", round_by: float = 4
) -> str:
    """Return a rectangle with round corners."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_by:g}" '
        f'fill="{fill}" stroke="{edge}"/>'
    )


def line(
    x1: float, y1: float, x2: float, y2: float, *, colour: str, dashes: str = "", wide: float = 1
) -> str:
    """Return a line, with `dashes` as SVG has them."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{colour}" '
        f'stroke-width="{wide:g}"{dashed}/>'
    )


def arrow(x1: float, x2: float, y: float, *, colour: str, dashes: str = "", wide: float = 1.6) -> str:
    """Return a horizontal arrow."""
    back = -7 if x2 > x1 else 7
    head = f'<path d="M{x2:g} {y:g}l{back:g} -4.5v9z" fill="{colour}"/>'
    return line(x1, y, x2 + back / 2, y, colour=colour, dashes=dashes, wide=wide) + head


def badge(x: float, y: float, number: int, size: float, *, colour: str) -> str:
    """Return a number in a filled circle."""
    circle = f'<circle cx="{x:g}" cy="{y:g}" r="{size * 0.74:g}" fill="{colour}"/>'
    return circle + text(x, y + size * 0.32, str(number), size, colour=PAPER, anchor="middle", bold=True)


def store(x: float, y: float, count: int, size: float, *, halo: str) -> str:
    """Return a small database with how many commands it gets."""
    wide, high = size * 0.85, size * 0.9
    top = y - high
    drum = (
        f'<path d="M{x:g} {top + 2:g}v{high - 4:g}a{wide / 2:g} 2.5 0 0 0 {wide:g} 0v{4 - high:g}" '
        f'fill="{PAPER}" stroke="{QUIET}"/>'
        f'<ellipse cx="{x + wide / 2:g}" cy="{top + 2:g}" rx="{wide / 2:g}" ry="2.5" fill="{PAPER}" '
        f'stroke="{QUIET}"/>'
    )
    return drum + text(x + wide + 4, y - 1, str(count), size, colour=QUIET, halo=halo)


def document(name: str, title: str, description: str, content: str, size: tuple[float, float]) -> str:
    """Return a whole file of that width and height, on a ground of its own: pages may be white or dark."""
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title {name}-desc" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'font-family="system-ui, sans-serif">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-desc">{escape(" ".join(description.split()))}</desc>\n'
        f"{box(0, 0, width, height, fill=PAPER, round_by=6)}\n{content}\n</svg>\n"
    )
