"""Figures: each draws estimates and records as they are stored, and computes no statistic.

Each module declares ``FIGURE``; the plan names it by module name. ``draw`` gets a ``Sheet`` (what the
plan says, the estimates, the records, an empty matplotlib figure) and checked options, and returns a
``Drawing``. Every mark that shows an estimate carries ``number-<id>`` as its id in the SVG.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace.faults import Fault
from omtrace.figures import _style as style
from omtrace.figures._results import Estimates, Number
from omtrace.figures._sheet import Sheet
from omtrace.figures._style import styled, write_images
from omtrace.model.closed import Closed, checked
from omtrace.model.statistics import NOT_COMPUTED
from omtrace.plugins import plugin
from omtrace.store import write_json

if TYPE_CHECKING:
    from omtrace.model.plan import Plan


@dataclass(frozen=True)
class Drawing:
    """What a figure says of itself: alternative text, ids of the estimates drawn, and a legend."""

    alt: str
    numbers: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A kind of figure: the model of its options and the function that draws."""

    options: type[Closed]
    draw: Callable[[Sheet, Any], Drawing]


def _refused(sheet: Sheet) -> list[Number]:
    """What the figure's analyses did not compute."""
    return [number for name in sheet.entry.analyses for number in sheet.estimates.of(name, [NOT_COMPUTED])]


def _why_not(sheet: Sheet, refused: list[Number]) -> Drawing:
    """In place of a figure: what is not computed, and why."""
    lines = []
    for number in refused:
        of = ", ".join(filter(None, (number.parameter, number.visit)))
        title = sheet.plan.analyses[number.analysis].title
        said = f"{title}{': ' if of else ''}{of}: not computed, because {number.level}"
        lines.append((number, style.wrapped(said, style.WIDTH * 68)))
    size = style.BODY * 1.5
    sheet.figure.set_size_inches(style.WIDTH, 0.3 + sum(len(text) for _, text in lines) * size / 72)
    axes = sheet.figure.add_subplot()
    axes.axis("off")
    down = 0.0
    for number, text in lines:
        written = axes.annotate(
            "\n".join(text), (0, 1), (0, -down), xycoords="axes fraction", textcoords="offset points", va="top"
        )
        sheet.show(written, number)
        down += len(text) * size
    whole = " ".join(" ".join(text) for _, text in lines)
    return Drawing(f"Not drawn. {whole}", sheet.numbers, "")


def draw_figures(plan: "Plan", folder: str | Path) -> None:
    """Draw every figure of a plan (its groups filled in) from the results in ``folder`` (results/<study>).

    Writes figures/<name>.svg and .png, and figures/index.json with name, title, alternative text, ids
    of the numbers drawn and legend of each. Raises Fault for unknown figures or options, and for an
    estimate or a data set that is not there.
    """
    folder = Path(folder)
    where = f"config/studies/{plan.study}.yaml"
    chosen = {}
    for name, entry in plan.figures.items():
        kind = plugin("figures", entry.figure, "FIGURE")
        chosen[name] = kind, checked(kind.options, entry.options, f"{where}: figures.{name}.options")
    estimates = Estimates(folder / "estimates.csv")
    target = folder / "figures"
    index = []
    for name, (kind, options) in chosen.items():
        with styled(name):
            sheet = Sheet(plan, name, folder, estimates, where)
            try:
                drawing = kind.draw(sheet, options)
            except Fault:
                if not (refused := _refused(sheet)):
                    raise
                sheet = Sheet(plan, name, folder, estimates, where)
                drawing = _why_not(sheet, refused)
            sheet.finish()
            write_images(sheet.figure, target / name, plan.figures[name].title)
        index.append({"name": name, "title": plan.figures[name].title, "alt": drawing.alt,
                      "numbers": drawing.numbers, "note": drawing.note})  # fmt: skip
    write_json(target / "index.json", index)
