"""One figure while it is drawn: what the plan says of it, where its numbers come from, what it has shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace.faults import Fault
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Estimates, Number, Records
from omtrace.model.closed import nearest
from omtrace.model.plan import DatasetPlan, Parameter, Plan

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

STRIP = 0.27  # inches above the panels, for the label of simulated data
SIMULATED = "Simulated data"


@dataclass(frozen=True)
class Group:
    """A group of units as it is drawn; ``key`` is "all" where units are not grouped."""

    key: str
    label: str
    colour: str
    marker: str
    glyph: str


@dataclass(frozen=True)
class Quantity:
    """A parameter under one analysis, with the visits to draw ("" where it has none)."""

    analysis: str
    key: str
    parameter: Parameter
    dataset_name: str
    dataset: DatasetPlan
    visits: tuple[str, ...]
    label: str

    @property
    def visit_labels(self) -> list[str]:
        """Labels of the visits, in their order."""
        return [self.dataset.visits.get(visit, "") for visit in self.visits]


class Sheet:
    """An empty figure, and everything that may be drawn on it."""

    def __init__(self, plan: Plan, name: str, folder: Path, estimates: Estimates, where: str) -> None:
        self.plan = plan
        self.entry = plan.figures[name]
        self.where = f"{where}: figures.{name}"
        self.folder = folder
        self.estimates = estimates
        self.numbers: list[str] = []  # ids, in the order drawn
        self._records: dict[str, Records] = {}
        self._key: Sequence[tuple[str, dict[str, Any]]] = ()

    @cached_property
    def figure(self) -> "Figure":
        """The matplotlib figure (no pyplot: nothing is kept between figures)."""
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.07, wspace=0.03, hspace=0.02)
        return Figure(figsize=(style.WIDTH, style.WIDTH / 2), layout=layout)

    def show(self, artist: "Artist", number: Number) -> None:
        """Put a number's id on the mark that shows it. A number has one such mark a figure."""
        if number.id not in self.numbers:
            self.numbers.append(number.id)
            artist.set_gid(f"number-{number.id}")

    def records(self, dataset: str) -> Records:
        """The observed records of a data set. Raises Fault if it is missing."""
        if dataset not in self._records:
            self._records[dataset] = Records(self.folder / "datasets" / f"{dataset}.parquet")
        return self._records[dataset]

    def chosen(self, option: str, wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
        """The known names that are wanted, in their own order; all, if none is named. Raises Fault for others."""
        for name in wanted:
            if name not in known:
                hint = nearest(name, known) or f"; there are {', '.join(known) or 'none'}"
                raise Fault(f"{self.where}.options.{option}: {name!r} is not in the figure's analyses{hint}")
        return tuple(name for name in known if not wanted or name in wanted)

    def quantities(self, parameters: Sequence[str] = (), visits: Sequence[str] = ()) -> list[Quantity]:
        """Each parameter of each analysis of the figure, those chosen, in the order of the plan.

        Raises Fault for names that the analyses do not have, and for analyses of several datasets.
        """
        analyses = {name: self.plan.analyses[name] for name in self.entry.analyses}
        names = list(dict.fromkeys(analysis.dataset for analysis in analyses.values()))
        if len(names) != 1:
            raise Fault(
                f"{self.where}.analyses: a figure draws one dataset, these are of {' and '.join(names) or 'none'}"
            )
        dataset = self.plan.datasets[names[0]]
        known = [p for analysis in analyses.values() for p in analysis.parameters]
        parameters = self.chosen("parameters", parameters, list(dict.fromkeys(known)))
        visits = self.chosen("visits", visits, list(dataset.visits))
        found = []
        for name, analysis in analyses.items():
            for key in (p for p in analysis.parameters if p in parameters):
                parameter = dataset.parameters[key]
                analysed = analysis.visits or parameter.visits
                drawn = tuple(v for v in visits if v in parameter.visits and v in analysed)
                label = parameter.label if known.count(key) == 1 else f"{parameter.label} – {analysis.title}"
                if drawn or not parameter.visits:
                    found.append(Quantity(name, key, parameter, names[0], dataset, drawn or ("",), label))
        if not found:
            raise Fault(f"{self.where}: its analyses have no such parameter at these visits; nothing can be drawn")
        return found

    def groups(self, dataset: DatasetPlan, apart: bool = True) -> list[Group]:
        """The groups of a data set in the plan's order, or the one group of all units."""
        if not (apart and dataset.group and dataset.groups):
            return [Group("all", "All", style.SINGLE, style.MARKERS[0], style.GLYPHS[0])]
        shapes = len(style.MARKERS)
        return [
            Group(
                key, label, style.COLOURS[i % len(style.COLOURS)], style.MARKERS[i % shapes], style.GLYPHS[i % shapes]
            )
            for i, (key, label) in enumerate(dataset.groups.items())
        ]

    def find(self, quantity: Quantity, statistic: str, group: Group, visit: str) -> Number:
        """The estimate of a quantity in a group at a visit. Raises Fault if it is not there."""
        return self.estimates.find(quantity.analysis, quantity.key, statistic, group.key, visit)

    def members(self, quantity: Quantity, group: Group, visit: str) -> dict[str, float]:
        """Unit -> observed value at a visit, of the units of a group in the analysis' population."""
        records = self.records(quantity.dataset_name)
        values = records.values(quantity.key, visit)
        if group.key != "all":
            groups = records.texts(quantity.dataset.group)
            values = {unit: value for unit, value in values.items() if groups.get(unit) == group.key}
        member = quantity.dataset.condition(self.plan.analyses[quantity.analysis].population, self.where)
        return {
            unit: value
            for unit, value in values.items()
            if member.holds({name: records.plain(name, unit) for name in member.names})
        }

    def units(self, quantity: Quantity, group: Group, visit: str) -> dict[str, float]:
        """The single participants or animals behind a number. Raises Fault if the analysis counted others."""
        values = self.members(quantity, group, visit)
        counted = self.find(quantity, "n", group, visit)
        if counted.value != len(values):
            raise self.differs(quantity, group, visit, counted, len(values))
        return values

    def differs(self, quantity: Quantity, group: Group, visit: str, counted: Number, found: int) -> Fault:
        """What to say when the data set does not hold as many units as the analysis counted."""
        return Fault(
            f"{self.where}: analysis {quantity.analysis!r} counts {counted.shown} values of {quantity.key!r} "
            f"(visit {visit!r}, group {group.key!r}), the data set {quantity.dataset_name!r} holds {found}; {AGAIN}"
        )

    def legend(self, groups: Sequence[Group], **line: Any) -> None:
        """The key of the groups above the panels; none for one group."""
        if len(groups) > 1:
            look = {"markersize": 5.5, "linestyle": "none", **line}
            self.key([(g.label, {"color": g.colour, "marker": g.marker, **look}) for g in groups])

    def key(self, looks: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """What lines and points stand for (label, look), in rows above the panels."""
        self._key = looks

    def finish(self) -> None:
        """Put the key, and the label of simulated data in the upper right corner, above what is drawn."""
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        simulated = self.plan.kind == "simulated"
        labels = ["\n".join(style.wrapped(label, 230)) for label, _ in self._key]
        widths = [max(style.text_width(part) for part in label.split("\n")) + 44 for label in labels]
        room = style.WIDTH * 72 - 16
        columns = len(labels) if sum(widths) <= room else max(1, int(room // max(widths)))
        taken = sum(widths) if columns == len(labels) else columns * max(widths)
        rows = -(-len(labels) // columns) if labels else 0
        strip = STRIP if simulated and (not labels or taken > room - 100) else 0.0
        top = strip + rows * 0.135 * max((label.count("\n") + 1 for label in labels), default=0) + (0.14 if rows else 0)
        width, height = style.WIDTH, self.figure.get_size_inches()[1] + top
        self.figure.set_size_inches(width, height)
        engine = self.figure.get_layout_engine()
        if isinstance(engine, ConstrainedLayoutEngine):
            engine.set(rect=(0, 0, 1, 1 - top / height))
        else:  # one panel over the whole figure
            self.figure.axes[0].set_position((0, 0, 1, 1 - top / height))
        if labels:
            self._draw_key(labels, columns, 1 - strip / height)
        if simulated:
            self._draw_label(1 - 0.06 / width, 1 - 0.06 / height)
        if isinstance(engine, ConstrainedLayoutEngine):
            engine.execute(self.figure)  # once, for both images
            self.figure.set_layout_engine("none")

    def _draw_key(self, labels: list[str], columns: int, top: float) -> None:
        from matplotlib.lines import Line2D

        looks = [look for _, look in self._key]
        order = [i for column in range(columns) for i in range(column, len(labels), columns)]  # columns fill first
        legend = self.figure.legend(
            [Line2D([], [], **looks[i]) for i in order], [labels[i] for i in order], loc="upper left",
            bbox_to_anchor=(0, top), ncols=columns, borderaxespad=0.2, handletextpad=0.5, labelspacing=0.35,
        )  # fmt: skip
        legend.set_in_layout(False)

    def _draw_label(self, x: float, y: float) -> None:
        text = self.figure.text(
            x, y, SIMULATED, size=style.SMALL, color="#7A4300", ha="right", va="top", gid="simulated",
            bbox={"boxstyle": "round,pad=0.3", "facecolor": "#FFF6E5", "edgecolor": "#E0B36A", "linewidth": 0.6},
        )  # fmt: skip
        text.set_in_layout(False)
