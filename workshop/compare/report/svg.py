"""Plots become SVG that a page can hold: without ids that clash, in the page's own colours and letters."""

import re
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the colour of the page's text."""
ON_PAPER = "#1a1a1a"
"""The colour of text in a file of its own, which has a white ground: a reader's colours do not reach it."""
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stones",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True)
class Plot:
    """A plot: the name of its file, its title, what it shows in words, and the SVG itself."""

    name: str
    title: str
    description: str
    svg: str

    def as_file(self) -> str:
        """Return the plot as a file of its own, on white."""
        ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
        text = self.svg.replace("<svg ", f'<svg style="color:{ON_PAPER}" ', 1)
        return re.sub(r"(</desc>)", rf"\1{ground}", text, count=1) + "\n"


def drawing() -> "AbstractContextManager[None]":
    """Return a context in which figures are drawn and rendered with our settings."""
    from matplotlib import rc_context  # noqa: PLC0415

    return rc_context(SETTINGS)


def plot(figure: "Figure", name: str, title: str, description: str) -> Plot:
    """Render a figure."""
    out = BytesIO()
    none = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=none)
    text = out.getvalue().decode()
    text = text[text.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.S)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    text = text.replace(INK, "currentColor").replace("'DejaVu Sans'", "system-ui, sans-serif")
    width, height = (float(number) for number in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)[0])
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-labelledby="{name}-title {name}-desc" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}">'
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )
    text = re.sub(r"<svg .*?>", lambda _: opening, text, count=1, flags=re.S)
    return Plot(name, title, description, re.sub(r"\n\s*", "\n", text).strip())
