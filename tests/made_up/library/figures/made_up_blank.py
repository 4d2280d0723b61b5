"""A made-up figure: an empty panel for each parameter."""

from omtrace.figures import Drawing, Figure
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed


class Options(Closed):
    """The figure has no options."""


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel without marks for each parameter."""
    sheet.figure.add_subplot()
    return Drawing("An empty panel.", sheet.numbers)


FIGURE = Figure(Options, draw, lambda options: [("n",)])
