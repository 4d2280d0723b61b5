"""Differences with their intervals, a row each, in a panel for each unit of measurement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses._shown import category_labels, level_shown
from omtrace.faults import Fault, Refusal
from omtrace.figures import Drawing, Figure
from omtrace.figures import _panels as panels
from omtrace.figures import _rows as rows
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, name_of
from omtrace.figures._sheet import Sheet
from omtrace.model.closed import Closed
from omtrace.model.contrast import EVERYBODY, contrast_of, group_label
from omtrace.model.estimate import Estimate
from omtrace.model.plan import DatasetPlan

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INDENT = 3  # spaces before the label of a row below its heading


class Options(Closed):
    """Options of the figure."""

    parameters: tuple[str, ...] = Field((), description="parameters drawn; none: all of the analyses")
    visits: tuple[str, ...] = Field((), description="visits drawn; none: all that were analysed")
    contrasts: tuple[str, ...] = Field((), description="groups or contrasts drawn, such as 'OMT - sham'; none: all")
    labels: dict[str, str] = Field({}, description="analysis -> its name in the figure; default: its title")
    statistics: tuple[str, ...] = Field(("difference", "mean_change"), description="statistics drawn as points")
    low: str = Field("ci_low", description="statistic at the lower end of the interval")
    high: str = Field("ci_high", description="statistic at the upper end of the interval")
    reference: float = Field(0, description="value of no difference: a dashed line")
    important: dict[str, float] = Field(
        {}, description="parameter -> the smallest difference from the reference that matters: a dotted line"
    )
    log: bool = Field(False, description="logarithmic axis, for ratios")
    better: str = Field("", description="what a value on the better side of the reference means, such as 'favours OMT'")
    worse: str = Field("", description="what a value on the other side means, such as 'favours sham'")
    column: str = Field(
        "", description="head of the column of numbers; default: the estimate with its confidence level"
    )


@dataclass(frozen=True)
class Row:
    """One estimate with its interval, and the parts of what it is called."""

    key: str
    parameter: str
    better: str
    visit: str
    contrast: str
    level: str
    analysis: str
    numbers: rows.Triple
    counted: str

    @property
    def label(self) -> str:
        """What tells it from the rows beside it."""
        return ", ".join(filter(None, (self.visit, self.contrast, self.level, self.analysis)))

    @property
    def name(self) -> str:
        """Parameter and label in one line."""
        return ", ".join(filter(None, (self.parameter, self.label)))

    @property
    def scale(self) -> "Scale":
        """The axis that it is drawn on."""
        return Scale(self.numbers[0].unit, self.better)


@dataclass(frozen=True)
class Scale:
    """An axis: rows of one unit and one direction of improvement share it."""

    unit: str
    better: str


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Rows in the order of the analyses, parameters, visits and contrasts."""
    every = _rows(sheet, options)
    shared = ", ".join(_shared(every, field) for field in ("visit", "contrast") if _shared(every, field))
    entries = [_short(row, every) for row in every]
    has_counts = any(row.counted for row in entries)
    scales = list(dict.fromkeys(row.scale for row in entries))
    several = len({row.key for row in entries}) > 1
    blocks = [_lines([row for row in entries if row.scale == scale], has_counts, several) for scale in scales]
    heads = [
        options.column or rows.estimate_head(sheet, "Ratio" if options.log else "Estimate"),
        *(["n"] if has_counts else []),
    ]
    sides = bool(options.better or options.worse)
    axes = rows.add_panels(sheet, blocks, 0.52 + 0.13 * sides, 0.2)
    widest, places = rows.label_width(blocks), rows.column_places(blocks, heads)
    for i, (panel, block, scale) in enumerate(zip(axes, blocks, scales, strict=True)):
        rows.draw_lines(sheet, panel, block, widest, places)
        rows.reference_line(panel, options.reference)
        marks = _important(panel, [row for row in entries if row.scale == scale], options)
        _scale(sheet, panel, [*rows.drawn_values(block), options.reference, *marks], options.log)
        panel.set_xlabel(scale.unit or "ratio" * options.log, labelpad=14 if sides else 3)
        if sides and scale.better:
            ends = (options.better, options.worse)
            _sides(panel, *(ends if scale.better == "lower" else reversed(ends)))
        if i == 0:
            rows.draw_heads(panel, shared, widest, heads, places)
    texts = [(row.name, f"{rows.text_of(row.numbers)} {row.numbers[0].unit}".strip()) for row in every]
    alt = panels.alternative("Forest plot: a row for each estimate with its interval.", texts, 24)
    note = "Points: estimates; bars: their confidence intervals. Dashed line: no difference."
    dotted = " Dotted line: the smallest difference that matters."
    return Drawing(alt, sheet.numbers, note + (dotted if any(row.key in options.important for row in entries) else ""))


def _rows(sheet: Sheet, options: Options) -> list[Row]:
    points = [n for name in sheet.entry.analyses for n in sheet.estimates.of(name, options.statistics)]
    if not points:
        raise Fault(f"{sheet.where}: its analyses hold no statistic {' or '.join(options.statistics)}; {AGAIN}")
    for option, field in (("parameters", "parameter"), ("visits", "visit"), ("contrasts", "group")):
        known = list(dict.fromkeys(getattr(n, field) for n in points))
        selected = sheet.select(option, getattr(options, option), known)
        points = [n for n in points if getattr(n, field) in selected]
    lacking = [name for name in sheet.entry.analyses if name not in {n.analysis for n in points}]
    if lacking:
        raise Refusal(
            f"{sheet.where}: analysis {lacking[0]!r} has no estimate to draw; take it out, or widen the options"
        )
    entries = [_row(sheet, point, options) for point in points]
    order = list(dict.fromkeys(row.key for row in entries))
    return sorted(entries, key=lambda row: order.index(row.key))


def _row(sheet: Sheet, point: Estimate, options: Options) -> Row:
    low, high = (sheet.estimates.find(replace(name_of(point), statistic=s)) for s in (options.low, options.high))
    dataset = sheet.dataset_of(point.analysis)
    parameter = dataset.parameters[point.parameter]
    return Row(
        point.parameter,
        parameter.label,
        parameter.better,
        dataset.visits.get(point.visit, ""),
        "" if point.group == EVERYBODY else group_label(point.group, dataset.groups, options.log),
        _level(point.level, dataset, options.log),
        options.labels.get(point.analysis, sheet.plan.analyses[point.analysis].title),
        (point, low, high),
        _counted(sheet, point),
    )


def _level(level: str, dataset: DatasetPlan, is_ratio: bool) -> str:
    """A level in words, each code one word that no line break divides; of ratios as ratios."""
    labels = category_labels(dataset)
    words = (
        part if "{" in part or part.strip(",") in labels else part.replace("_", "\N{NO-BREAK SPACE}")
        for part in level.split(" ")
    )
    text = " ".join(words)
    if is_ratio:  # the axis says that they are ratios, and that its scale is logarithmic
        text = text.removesuffix(", log scale").replace(" - ", " / ").replace(", minus in ", ", over that in ")
    return level_shown(text, dataset)


def _counted(sheet: Sheet, point: Estimate) -> str:
    """How many units the estimate rests on, or those of either group, where its analysis stores it."""
    if whole := sheet.estimates.sibling(point, "n"):
        return whole.shown
    sides = [sheet.estimates.sibling(point, statistic) for statistic in ("n_a", "n_b")]
    if not any(sides) and (contrast := contrast_of(point.group, sheet.dataset_of(point.analysis).groups)):
        sides = [sheet.estimates.beside(point, "n", group) for group in (contrast.group, contrast.reference)]
    if not any(sides):
        sides = [sheet.estimates.beside(point, "n", EVERYBODY)]
    return " + ".join(side.shown for side in sides if side)


def _shared(every: Sequence[Row], field: str) -> str:
    """What all rows of the figure have in common: it is written once, above them."""
    values = {getattr(row, field) for row in every}
    return values.pop() if len(values) == 1 else ""


def _short(row: Row, every: Sequence[Row]) -> Row:
    """A row without what does not tell it from the others of its parameter, and without what all rows share."""
    siblings = [other for other in every if other.key == row.key]
    same = {field for field in ("contrast", "level", "analysis") if len({getattr(r, field) for r in siblings}) == 1}
    return replace(
        row,
        visit="" if _shared(every, "visit") else row.visit,
        contrast="" if "contrast" in same else row.contrast,
        level="" if "level" in same else row.level,
        analysis="" if "analysis" in same else row.analysis,
    )


def _lines(entries: Sequence[Row], has_counts: bool, several: bool) -> list[rows.Line]:
    """The lines of a panel: a heading a parameter; a heading with one row shares its line with it.

    Levels of one kind ("Type of headache: migraine") stand below the kind where the figure has one parameter, and
    without it where it has several.
    """
    lines: list[rows.Line] = []
    for key in dict.fromkeys(row.key for row in entries):
        own = [row for row in entries if row.key == key]
        if len(own) == 1:
            lines.append(rows.row(own[0].name, own[0].numbers, _columns(own[0], has_counts)))
            continue
        lines.append(rows.heading(own[0].parameter))
        kinds = [row.level.partition(": ")[0] if ": " in row.level else "" for row in own]
        for i, row in enumerate(own):
            below = bool(kinds[i]) and kinds.count(kinds[i]) > 1 and not several
            if below and kinds[i] not in kinds[:i]:
                lines.append(rows.Line((" " * INDENT + kinds[i],)))
            level = row.level.removeprefix(f"{kinds[i]}: ") if below or several else row.level
            label = replace(row, level=level).label
            indent = " " * INDENT * (2 if below else 1)
            lines.append(rows.row(indent + label, row.numbers, _columns(row, has_counts)))
    return lines


def _columns(row: Row, has_counts: bool) -> tuple[str, ...]:
    return (row.counted,) if has_counts else ()


def _important(axes: "Axes", entries: Sequence[Row], options: Options) -> list[float]:
    """The smallest difference that matters, on the better side, in a panel of one parameter with one."""
    sizes = {options.important.get(row.key, 0) for row in entries}
    size = sizes.pop()
    if sizes or not size:
        return []
    value = options.reference + (-size if entries[0].better == "lower" else size)
    axes.axvline(value, color=theme.ACCENT, linewidth=1.1, linestyle=(0, (1, 1.6)), zorder=1, label="important")
    return [value]


def _sides(axes: "Axes", left: str, right: str) -> None:
    """What it means to lie on either side of the reference."""
    for text, x, side in ((f"◂ {left}" if left else "", 0, "left"), (f"{right} ▸" if right else "", 1, "right")):
        axes.annotate(
            text,
            (x, 0),
            (0, -17),
            xycoords="axes fraction",
            textcoords="offset points",
            ha=side,
            va="top",
            size=theme.SMALL,
            color=theme.MUTED,
        )


def _scale(sheet: Sheet, axes: "Axes", drawn: list[float], log: bool) -> None:
    if log and min(drawn) <= 0:
        raise Refusal(
            f"{sheet.where}.options.log: a value, a limit or the reference is zero or less, which a logarithmic axis "
            f"cannot show; take log out, or set the reference"
        )
    rows.fit_axis(axes, drawn, log)


FIGURE = Figure(Options, draw, lambda options: [options.statistics, (options.low,), (options.high,)])
