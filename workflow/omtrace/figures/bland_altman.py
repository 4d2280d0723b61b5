"""Differences of two measurements over their mean, with the mean difference and the limits of agreement."""

from omtrace.analyses._shown import named, plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Name, Record
from omtrace.figures._sheet import ALL, Quantity, Sheet
from omtrace.model.estimate import Estimate
from omtrace.model.statistics import INTERVALS

# What is drawn as a line, and its interval.
LINES = {"difference": "ci", "agreement_lower": "agreement_lower", "agreement_upper": "agreement_upper"}


class Options(panels.PanelOptions):
    """Options of the figure."""


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter and visit of all units together."""
    drawn = [
        (quantity, visit)
        for quantity in sheet.quantities(options.parameters, options.visits)
        for visit in quantity.visits
        if sheet.plan.analyses[quantity.analysis].method == "limits_of_agreement"
    ]
    if not drawn:
        raise Fault(f"{sheet.where}: draws analyses of method limits_of_agreement, and it has none")
    columns = panels.columns_for(len(drawn), options.columns or 2)
    points = [_points(sheet, quantity, visit) for quantity, visit in drawn]
    width = panels.panel_width(columns, [y for places in points for _, y in places])
    grid, texts = panels.axes_of(sheet, len(drawn), columns, options.height + 0.75), []
    for axes, (quantity, visit), places in zip(grid, drawn, points, strict=True):
        lines = {name: _find(sheet, quantity, visit, name) for name in LINES}
        marks.draw_points(axes, places, [ALL] * len(places), marks.Style(4, alpha=0.75, label="units"))
        values = [y for _, y in places]
        for name, number in lines.items():
            low, high = (_find(sheet, quantity, visit, end) for end in INTERVALS[LINES[name]])
            colour = theme.ACCENT if name == "difference" else theme.MUTED
            band = axes.axhspan(low.value, high.value, color=colour, alpha=0.12, linewidth=0, zorder=0)
            sheet.show(band, low)
            sheet.show(axes.axhline(high.value, color=colour, alpha=0.25, linewidth=0.7, zorder=0), high)
            dashes = "-" if name == "difference" else (0, (4, 3))
            line = axes.axhline(number.value, color=colour, linewidth=1.2, linestyle=dashes, zorder=2)
            sheet.show(line, number)
            values += [low.value, high.value]
        panels.value_axis(sheet, axes, quantity, values, False)
        label = quantity.label + (f" – {quantity.dataset.visits[visit]}" if len(quantity.visits) > 1 else "")
        panels.head(axes, label, f"Difference {quantity.parameter.unit}".strip(), width, options.height)
        axes.set_xlabel(theme.filled(f"Mean of both {quantity.parameter.unit}".strip(), width))
        said = panels.listed(list(zip(("mean difference", "limits", "and"), lines.values(), strict=True)))
        texts.append((label, f"{said} {quantity.parameter.unit}".strip()))
    unit = plural(drawn[0][0].dataset.unit)
    note = f"Points: single {unit}. Line: mean difference; dashed: limits of agreement; shaded: confidence intervals."
    alt = panels.alternative("Difference of two measurements against their mean.", texts)
    return Drawing(alt, sheet.numbers, note)


def _find(sheet: Sheet, quantity: Quantity, visit: str, statistic: str) -> Estimate:
    level = f"minus {named('parameter', _other(sheet, quantity))}"
    return sheet.estimates.find(Name(quantity.analysis, quantity.key, statistic, ALL.key, visit, level))


def _other(sheet: Sheet, quantity: Quantity) -> str:
    return str(sheet.plan.analyses[quantity.analysis].options["other"])


def _points(sheet: Sheet, quantity: Quantity, visit: str) -> list[tuple[float, float]]:
    """Of each unit the mean of both measurements and their difference. Raises Fault if the analysis counts others."""
    counted, records = _find(sheet, quantity, visit, "n"), sheet.records(quantity.dataset_name)
    both: dict[str, dict[str, Record]] = {}
    for record in [*records.used(counted), *records.used(counted, "baseline")]:
        both.setdefault(record.unit, {})[record.parameter] = record
    pairs = [(unit[quantity.key], unit[_other(sheet, quantity)]) for unit in both.values() if len(unit) == 2]
    if len(pairs) != counted.value:
        raise Fault(f"{sheet.where}: {quantity.key}: {counted.shown} pairs, its row set holds {len(pairs)}; {AGAIN}")
    sheet.list_records(quantity, ALL, [record for pair in pairs for record in pair])
    return [((a.value + b.value) / 2, a.value - b.value) for a, b in pairs]


FIGURE = Figure(Options, draw, lambda options: [(name,) for name in (*LINES, "n")])
