"""The sequence picture of one way: who requests what from whom, from top to bottom."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from workshop.legs import svg
from workshop.legs.ways import Event, Leg, Way, count_of

COLOURS = {0: svg.INK, 1: "#0072b2", 2: "#00795a", 3: "#b84f00"}
"""Those of the comparison's plots, but as dark as text has to be."""

TITLES = {0: "monolith", 1: "REST", 2: "services", 3: "events"}
GROUND = "#f1f1f1"
BAR = 10.0
MARGIN = 12.0
RAPIDS, VIEWS = "rapids", "views"


@dataclass(frozen=True)
class Sizes:
    """Sizes in pixels: letters, the distance of columns, and the height of a row."""

    letters: float = 14.0
    column: float = 134.0
    row: float = 38.0


class Panel:
    """The drawing of a way, as SVG in `content`, at least `width` wide."""

    def __init__(self, way: Way, sizes: Sizes, heading: str = "Step", width: float = 0.0) -> None:
        self._way, self._sizes = way, sizes
        self._colour = COLOURS[way.step]
        self._heading = f"{heading} {way.step}: {TITLES[way.step]}"
        self._x = self._places()
        self.width = max(width, self._least_width())
        self._bottom_of_boxes = sizes.letters * 4.1
        self._y = self._bottom_of_boxes
        self._ground: list[str] = []
        self._bars: list[str] = []
        self._shapes: list[str] = []
        self._draw()
        self.height = self._y + sizes.letters * 0.8
        self.content = "\n".join([*self._lifelines(), *self._ground, *self._bars, *self._shapes])

    def _places(self) -> dict[str, float]:
        """Return the middle of each participant's column, in the order of their first parts."""
        legs, event = self._way.legs, self._way.event
        names = [legs[0].caller, *(leg.callee for leg in legs)]
        if event:
            names += [event.publisher, RAPIDS, VIEWS]
        first = MARGIN + self._box_width(names[0]) / 2
        return {name: first + i * self._sizes.column for i, name in enumerate(dict.fromkeys(names))}

    def _least_width(self) -> float:
        letters, last = self._sizes.letters, list(self._x)[-1]
        return MARGIN + max(
            self._x[last] + self._box_width(last) / 2,
            *(self._x[leg.callee] + BAR + letters * 2.2 for leg in self._way.legs),
            *(self._label_at(leg) + svg.width_of(leg.request, letters) for leg in self._way.legs),
            svg.width_of(f"{self._heading} {count_of(self._way)}", letters * 1.3),
        )

    def _box_width(self, name: str) -> float:
        return svg.width_of(self._title_of(name), self._sizes.letters) + 22

    def _title_of(self, name: str) -> str:
        event = self._way.event
        return f"{len(event.subscribers)} {VIEWS}" if name == VIEWS and event else name

    def _label_at(self, leg: Leg) -> float:
        return self._x[leg.caller] + BAR / 2 + self._sizes.letters * 1.85

    def _draw(self) -> None:
        self._draw_heads()
        event, began = self._way.event, self._y + self._sizes.row
        self._draw_legs()
        if event and event.before_response:
            self._draw_event(event)
        self._draw_response()
        self._draw_bar(self._way.legs[0].callee, began, self._y)
        if event and not event.before_response:
            self._draw_event(event)

    def _draw_heads(self) -> None:
        """Draw the heading, the number of legs, and the participants' boxes."""
        letters, client = self._sizes.letters, self._way.legs[0].caller
        size = letters * 1.25
        self._shapes += [
            svg.text(MARGIN, size, self._heading, size, colour=self._colour, bold=True),
            svg.text(self.width - MARGIN, size, count_of(self._way), size, colour=self._colour,
                     anchor="end", bold=True),
        ]  # fmt: skip
        high = letters * 1.9
        top = self._bottom_of_boxes - high
        for name, x in self._x.items():
            wide = self._box_width(name)
            fill, edge = (GROUND, svg.QUIET) if name == client else (svg.PAPER, self._colour)
            self._shapes += [
                svg.box(x - wide / 2, top, wide, high, fill=fill, edge=edge),
                svg.text(x, top + high / 2 + letters * 0.34, self._title_of(name), letters, anchor="middle"),
            ]

    def _lifelines(self) -> Iterator[str]:
        for x in self._x.values():
            yield svg.line(x, self._bottom_of_boxes, x, self.height - 2, colour=svg.RULE, dashes="3 3")

    def _draw_legs(self) -> None:
        legs, row = self._way.legs, self._sizes.row
        for place, leg in enumerate(legs):
            self._y += row
            together = [each for each in legs if each.number == leg.number]
            if len(together) > 1 and leg is together[0]:
                x = self._x[leg.caller] - MARGIN
                self._ground.append(
                    svg.box(x, self._y - row * 0.68, self.width - x - MARGIN / 2, row * len(together),
                            fill=GROUND, round_by=6)
                )  # fmt: skip
            self._draw_leg(leg, on=GROUND if len(together) > 1 else svg.PAPER)
            inner = [*takewhile(lambda each: each.depth > leg.depth, legs[place + 1 :])]  # noqa: B023
            if place:
                self._draw_bar(leg.callee, self._y, self._y + row * (len(inner) + 0.45))

    def _draw_leg(self, leg: Leg, on: str) -> None:
        y, letters = self._y, self._sizes.letters
        start, end = self._x[leg.caller] + BAR / 2, self._x[leg.callee] - BAR / 2
        if end < start:
            start, end = start - BAR, end + BAR
        self._shapes += [
            svg.arrow(start, end, y, colour=self._colour),
            svg.text(self._label_at(leg), y - 6, leg.request, letters, halo=on),
            svg.badge(
                start + letters * 0.85, y - letters * 0.45 - 4, leg.number, letters, colour=self._colour
            ),
        ]
        if leg.commands:
            x = self._x[leg.callee] + BAR / 2 + 6
            self._shapes.append(svg.store(x, y + letters * 0.75, leg.commands, letters, halo=on))

    def _draw_event(self, event: Event) -> None:
        """Draw the way of the event, which is no leg: nobody waits for a response to it."""
        letters, began = self._sizes.letters, self._y
        for sender, taker, label in (
            (event.owner, event.publisher, "change stream"),
            (event.publisher, RAPIDS, "event"),
            (RAPIDS, VIEWS, "rivers"),
        ):
            self._y += self._sizes.row * 0.95
            start, end = self._x[sender] + BAR / 2, self._x[taker] - BAR / 2
            self._shapes += [
                svg.arrow(start, end, self._y, colour=svg.QUIET, dashes="5 3"),
                svg.text(start + 5, self._y - 6, label, letters, colour=svg.QUIET, halo=svg.PAPER),
            ]
        for name in event.subscribers:
            self._y += letters * 1.25
            self._shapes.append(
                svg.text(self._x[VIEWS], self._y, name, letters, anchor="middle", halo=svg.PAPER)
            )
        if event.before_response:
            x = self._x[self._way.legs[0].callee] + BAR
            waits = f"waits until all {len(event.subscribers)} views show it"
            y = began + (self._y - began) * 0.75
            self._shapes.append(svg.text(x, y, waits, letters, colour=svg.QUIET, halo=svg.PAPER))
        self._y -= self._sizes.row * 0.4

    def _draw_response(self) -> None:
        self._y += self._sizes.row
        first = self._way.legs[0]
        start, end = self._x[first.callee] - BAR / 2, self._x[first.caller]
        label = "page" if first.request.startswith("GET") else "response"
        self._shapes += [
            svg.arrow(start, end, self._y, colour=self._colour, dashes="6 4"),
            svg.text(
                (start + end) / 2, self._y - 6, label, self._sizes.letters, anchor="middle", halo=svg.PAPER
            ),
        ]

    def _draw_bar(self, name: str, top: float, end: float) -> None:
        """Draw from when to when a participant works."""
        bar = svg.box(
            self._x[name] - BAR / 2, top, BAR, end - top, fill=GROUND, edge=self._colour, round_by=2
        )
        self._bars.append(bar)
