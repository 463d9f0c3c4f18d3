"""The pictures of ways: one for each verb and step, and one for each verb with all steps."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from workshop.legs import svg
from workshop.legs.panel import MARGIN, Panel, Sizes
from workshop.legs.ways import FOLDER, VERBS, Way, count_of

LEFT, RIGHT = Sizes(15.0, 116.0, 42.0), Sizes(15.0, 96.0, 42.0)
"""Of the picture with all steps: the last two are on the right, as they have most participants."""

GAP = 20.0
LEAST_WIDTH = 560.0
NOTE = 14.0
"""The size of a note's letters, and in the picture with all steps, which pages show smaller, one more."""

WHOSE = "Traced while the steps ran, for a reader who is signed in at a browser."
LEG, TOGETHER = "A leg is an HTTP request.", "Same number: sent at the same time."
COMMANDS = "Drum: commands to the database."
ASYNC = "The page's own script does not wait for the views: it asks with Prefer: respond-async, and gets 202."
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four"}


def pictures(ways: Sequence[Way]) -> Iterator[tuple[str, str]]:
    """Yield the name of each file and its content."""
    for verb in VERBS:
        drawn = [way for way in ways if way.verb == verb and way.client == "browser"]
        programs = [way for way in ways if way.verb == verb and way.client == "program"]
        for way in drawn:
            yield (
                f"{verb}-step{way.step}.svg",
                _one(way, [each for each in programs if each.step == way.step]),
            )
        if drawn:
            yield f"{verb}.svg", _all(verb, drawn, programs)


def write_pictures(ways: Sequence[Way], folder: Path = FOLDER) -> None:
    """Write all pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures(ways):
        (folder / name).write_text(content, "utf-8")


def _one(way: Way, programs: Sequence[Way]) -> str:
    panel = Panel(way, Sizes(), f"One {way.verb} at step", LEAST_WIDTH)
    body, size = _with_notes([panel.content], (panel.width, panel.height), NOTE, _notes([way], programs))
    name = f"{way.verb}-step{way.step}"
    title = f"One {way.verb} at step {way.step}: {count_of(way)}"
    return svg.document(f"legs-{name}", title, _in_words([way]), body, size)


def _all(verb: str, drawn: Sequence[Way], programs: Sequence[Way]) -> str:
    title = f"One {verb}, {NUMBERS.get(len(drawn), len(drawn))} ways"
    top = LEFT.letters * 3
    body = [svg.text(MARGIN, LEFT.letters * 1.8, title, LEFT.letters * 1.5, bold=True)]
    x, height = 0.0, 0.0
    for sizes, column in ((LEFT, drawn[:-2]), (RIGHT, drawn[-2:])):
        wide = max((Panel(way, sizes).width for way in column), default=0.0)
        y = top
        for panel in (Panel(way, sizes, width=wide) for way in column):
            body.append(f'<g transform="translate({x:g} {y:g})">\n{panel.content}\n</g>')
            y += panel.height + GAP
        x += wide + (GAP if column else 0.0)
        height = max(height, y - GAP)
    body_with_notes, size = _with_notes(body, (x - GAP, height), NOTE + 1, _notes(drawn, programs))
    return svg.document(f"legs-{verb}", title, _in_words(drawn), body_with_notes, size)


def _with_notes(
    body: Sequence[str], size: tuple[float, float], letters: float, notes: Sequence[str]
) -> tuple[str, tuple[float, float]]:
    """Return a body with notes below it, in lines that fit, and its width and height."""
    width, y = size[0], size[1] + letters * 0.5
    lines = []
    for note in notes:
        for line in _lines(note, (width - 2 * MARGIN) / (letters * svg.LETTER)):
            y += letters * 1.35
            lines.append(svg.text(MARGIN, y, line, letters, colour=svg.QUIET))
    return "\n".join([*body, *lines]), (width, y + letters)


def _lines(text: str, most: float) -> list[str]:
    """Return a text as lines of at most so many letters."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _notes(drawn: Sequence[Way], programs: Sequence[Way]) -> list[str]:
    """Return what the signs mean, and how many legs it takes for a program."""
    legs = [leg for way in drawn for leg in way.legs]
    numbers = [{leg.number for leg in way.legs} for way in drawn]
    together = [TOGETHER] if len(legs) > sum(map(len, numbers)) else []
    notes = [WHOSE, " ".join([LEG, *together, COMMANDS])]
    if any(way.event and way.event.before_response for way in drawn):
        notes.append(ASYNC)
    counts = [f"step {way.step}: {len(way.legs)}" for way in programs]
    if len(counts) == 1:
        notes.append(f"A program that sends a token and wants JSON needs {count_of(programs[0])}.")
    elif counts:
        notes.append(f"Legs of a program that sends a token and wants JSON: {', '.join(counts)}.")
    return notes


def _in_words(drawn: Sequence[Way]) -> str:
    return " ".join(f"{way.as_text()}.".replace("\n", "; ") for way in drawn)
