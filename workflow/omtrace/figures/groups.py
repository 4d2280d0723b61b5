"""A measure by group: each unit a point, the group's mean with its interval beside."""

from dataclasses import dataclass, replace

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.figures import Drawing, Figure
from omtrace.figures import _marks as marks
from omtrace.figures import _panels as panels
from omtrace.figures import _theme as theme
from omtrace.figures._results import Record
from omtrace.figures._sheet import Group, Look, Quantity, Sheet, group_look, look_of
from omtrace.model.estimate import Estimate

MEAN = ("mean", "ci_low", "ci_high")


class Options(panels.PanelOptions):
    """Options of the figure."""

    factors: tuple[str, ...] = Field(
        (), description="two factors whose levels the groups' labels list, divided by a comma: rows under the axis"
    )
    points_by: tuple[str, ...] = Field(
        (), description="parameters without visits whose categories the points' colours and markers show"
    )
    words: dict[str, str] = Field({}, description="category -> what it reads as in the figure")


@dataclass(frozen=True)
class Panel:
    """One parameter at one visit: for each group as drawn its units' records, its mean with interval, their number."""

    quantity: Quantity
    visit: str
    groups: list[Group]
    records: list[list[Record]]
    triples: list[list[Estimate]]
    counted: list[Estimate]

    @property
    def title(self) -> str:
        """Parameter, and visit where there are several."""
        label = self.quantity.label
        return f"{label} – {self.quantity.dataset.visits[self.visit]}" if len(self.quantity.visits) > 1 else label

    @property
    def values(self) -> list[list[float]]:
        """The values of each group's units."""
        return [[record.value for record in records] for records in self.records]

    @property
    def drawn(self) -> list[float]:
        """Every value in the panel."""
        numbers = [n.value for triple in self.triples for n in triple if n.text]
        return [v for values in self.values for v in values] + numbers


def draw(sheet: Sheet, options: Options) -> Drawing:
    """A panel for each parameter and visit."""
    quantities = sheet.quantities(options.parameters, options.visits)
    groups = sheet.groups(quantities[0].dataset, options.by_group)
    factors = panels.factors_of(sheet, options.factors, groups)
    looks = factors.inner_looks(groups) if factors else groups
    drawn = [_panel_of(sheet, q, visit, looks) for q in quantities for visit in q.visits]
    labels = [look.label for look in looks]
    values = [value for panel in drawn for value in panel.drawn]
    spans = [factors.levels[group.key][0] for group in groups] if factors else ()
    facets = [panels.Facet(panel.title, panel.quantity.axis, labels) for panel in drawn]
    frames = panels.grid(sheet, options, facets, values, panels.Below(1, spans))
    kinds = _kinds(sheet, quantities[0], options)
    texts = []
    for frame, panel in zip(frames, drawn, strict=True):
        _draw_panel(sheet, frame, panel, kinds, options)
        named = [(group.label, triple[0]) for group, triple in zip(groups, panel.triples, strict=True)]
        texts.append((panel.title, "mean " + panels.listed(named, panel.quantity.parameter.unit)))
    if kinds:
        sheet.key([*((kind.label, group_look(kind)) for kind in _distinct(kinds)), ("Mean", _mean_look())])
    unit = quantities[0].dataset.unit
    single = f"Pale points: single {plural(unit)}. Full points" if sheet.has_units else "Points"
    note = f"{single}: means; bars: their confidence intervals."
    few = any(0 < n.value < marks.FEWEST for panel in drawn for n in panel.counted)
    opening = f"Each {unit} as a point by group, with the mean of each group." if sheet.has_units else "Means by group."
    alt = panels.alternative(opening, texts)
    return Drawing(alt, sheet.numbers, f"{note} {marks.FEW}" if few else note)


def _mean_look() -> Look:
    return {"color": theme.INK, "marker": "o", "markersize": 5.5, "linestyle": "none"}


def _panel_of(sheet: Sheet, quantity: Quantity, visit: str, groups: list[Group]) -> Panel:
    return Panel(
        quantity,
        visit,
        groups,
        [sheet.units(quantity, group, visit) for group in groups],
        [sheet.with_ends(quantity, MEAN, group, visit) for group in groups],
        [sheet.find(quantity, "n", group, visit) for group in groups],
    )


def _kinds(sheet: Sheet, quantity: Quantity, options: Options) -> dict[str, Group]:
    """Unit -> how its point is drawn, where the categories of parameters set it."""
    if not options.points_by or not sheet.has_units:
        return {}
    sheet.select("points_by", options.points_by, list(quantity.dataset.parameters))
    records = sheet.records(quantity.dataset_name)
    texts = [records.texts(name) for name in options.points_by]
    units = [unit for unit in texts[0] if all(unit in some for some in texts)]
    kinds = {unit: ", ".join(options.words.get(some[unit], some[unit]) for some in texts) for unit in units}
    looks = {kind: look_of(kind, kind, place + 1) for place, kind in enumerate(sorted(set(kinds.values())))}
    return {unit: looks[kind] for unit, kind in kinds.items()}


def _distinct(kinds: dict[str, Group]) -> list[Group]:
    return sorted(set(kinds.values()), key=lambda kind: kind.key)


def _draw_panel(sheet: Sheet, frame: panels.Frame, panel: Panel, kinds: dict[str, Group], options: Options) -> None:
    places = [float(x) for x in range(len(panel.groups))]
    panels.check_log(sheet, panel.quantity, panel.drawn, options.log)
    swarm = marks.swarm([x - 0.12 for x in places], panel.values, frame.slot, 0.52, options)
    members = [
        kinds.get(record.unit, look)
        for look, records in zip(panel.groups, panel.records, strict=True)
        for record in records
    ]
    marks.draw_points(frame.axes, swarm.places, members, swarm.style)
    means = [replace(look, colour=theme.INK, marker="o") for look in panel.groups] if kinds else panel.groups
    intervals = [
        marks.interval(x + 0.29, look, triple, counted)
        for x, look, triple, counted in zip(places, means, panel.triples, panel.counted, strict=True)
    ]
    marks.draw_intervals(sheet, frame.axes, intervals, min(0.09, 3.5 / frame.slot), min(6, frame.slot * 0.24))
    panels.value_axis(sheet, frame.axes, panel.quantity, panel.drawn, options.log)
    every = Group("all", "", theme.INK, "", "")  # the axis names the groups already
    frame.label(sheet, places, [(every, list(zip(places, panel.counted, strict=True)))])
    frame.axes.set_xlim(-0.5, len(panel.groups) - 0.5)


FIGURE = Figure(Options, draw, lambda options: [(name,) for name in (*MEAN, "n")])
