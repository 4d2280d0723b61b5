"""Figures: each draws estimates and records as they are stored, and computes no statistic.

Each module declares ``FIGURE``; the plan names it by module name. ``draw`` gets a ``Sheet`` (what the
plan says, the estimates, the records, an empty matplotlib figure) and checked options, and returns a
``Drawing``. Every mark that shows an estimate carries ``number-<id>`` as its id in the SVG.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace.figures._results import Estimates
from omtrace.figures._sheet import Sheet
from omtrace.figures._style import styled, write_images
from omtrace.model.closed import Closed, checked
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
            drawing = kind.draw(sheet, options)
            sheet.finish()
            write_images(sheet.figure, target / name, plan.figures[name].title)
        index.append({"name": name, "title": plan.figures[name].title, "alt": drawing.alt,
                      "numbers": drawing.numbers, "note": drawing.note})  # fmt: skip
    write_json(target / "index.json", index)
