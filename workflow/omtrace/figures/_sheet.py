"""One figure while it is drawn: what the plan says of it, its numbers and records, and the files it becomes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

from omtrace.analyses._shown import level_shown, plural
from omtrace.faults import Fault
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Estimates, Name, Record, Records
from omtrace.model.closed import nearest
from omtrace.model.contrast import EVERYBODY, group_label
from omtrace.model.estimate import HELD_BACK, Estimate
from omtrace.model.plan import DatasetPlan, Parameter, Plan
from omtrace.model.statistics import statistic_of
from omtrace.store import csv_text, number_text, write_bytes

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

STRIP = 0.22  # inches above the panels, for the label of simulated data
SIMULATED = "Simulated data"
ALONE = "it shows single {} alone"  # why a figure is held back in share mode
SVG = "{http://www.w3.org/2000/svg}"
COLUMNS = ("id", "analysis", "parameter", "group", "visit", "level", "statistic", "value", "unit", "record", "member")
Form = Literal["png", "svg", "pdf"]
Look = Mapping[str, object]  # keywords of a matplotlib line or marker


@dataclass(frozen=True)
class Group:
    """A group of units as it is drawn; ``key`` is "all" where units are not grouped."""

    key: str
    label: str
    colour: str
    marker: str
    glyph: str
    dashes: tuple[float, ...] = ()

    @property
    def ink(self) -> str:
        """The colour of its texts."""
        return theme.darker(self.colour)


def look_of(key: str, label: str, place: int) -> Group:
    """The group at a place in the plan's order: colour, marker and dashes, no two groups with the same."""
    turn = (place + place // len(theme.COLOURS)) % len(theme.MARKERS)
    colour, dashes = theme.COLOURS[place % len(theme.COLOURS)], theme.DASHES[place % len(theme.DASHES)]
    return Group(key, label, colour, theme.MARKERS[turn], theme.GLYPHS[turn], dashes)


ALL = Group("all", "All", theme.SINGLE, theme.MARKERS[0], theme.GLYPHS[0])


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

    @property
    def axis(self) -> str:
        """Title of a value axis below a panel's title that names the parameter: its unit."""
        return self.parameter.unit or self.label


class HeldBack(Exception):
    """Why there is nothing to draw in share mode: a figure asks for records, or what it draws is held back."""


class Sheet:
    """An empty figure, and everything that may be drawn on it.

    ``folder``: the results of the study; None: there are the estimates alone, and no record. So it is in share mode,
    where a figure leaves out points and lines of single units, or is held back.
    """

    def __init__(self, plan: Plan, name: str, folder: Path | None, estimates: Estimates, where: str) -> None:
        self.plan = plan
        self.entry = plan.figures[name]
        self.where = f"{where}: figures.{name}"
        self.folder = folder
        self.estimates = estimates
        self._numbers: dict[str, Estimate] = {}  # id -> number, in the order drawn
        self._marks: dict[str, list[Estimate]] = {}  # gid of a mark of several elements -> the number of each
        self._records: dict[str, Records] = {}
        self._drawn_records: list[tuple[Quantity, Group, Record]] = []
        self._key: Sequence[tuple[str, Look]] = ()
        self._bare: dict[str, None] = {}  # labels of what has no interval

    @cached_property
    def figure(self) -> "Figure":
        """The matplotlib figure (no pyplot: nothing is kept between figures)."""
        from matplotlib.figure import Figure
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.07, wspace=0.03, hspace=0.02)
        return Figure(figsize=(theme.WIDTH, theme.WIDTH / 2), layout=layout)

    # what is drawn

    @property
    def numbers(self) -> list[str]:
        """Ids of the numbers drawn, in their order."""
        return list(self._numbers)

    def show(self, artist: "Artist", *numbers: Estimate) -> None:
        """Say which number a mark shows, or, of a mark of several elements, which number each of them shows.

        A number has one mark in a figure: the first.
        """
        if len(numbers) == 1:
            if numbers[0].id not in self._numbers:
                artist.set_gid(f"number-{numbers[0].id}")
        else:
            gid = f"marks-{len(self._marks) + 1}"
            artist.set_gid(gid)
            self._marks[gid] = [n for n in numbers if n.id not in self._numbers]
            if len(self._marks[gid]) != len(numbers):
                raise AssertionError(f"{self.where}: a number is drawn twice by marks that belong together")
        self._numbers.update((n.id, n) for n in numbers)

    def marks(self) -> dict[str, list[Estimate]]:
        """gid of a mark of several elements -> the number of each element."""
        return self._marks

    # what may be drawn

    @property
    def has_units(self) -> bool:
        """Whether single units may be drawn."""
        return self.folder is not None

    @property
    def sources(self) -> list[str]:
        """The files that the figure is made of, below the study's folder or in a packet."""
        return [self.estimates.source, *(f"datasets/{name}.parquet" for name in sorted(self._records))]

    def records(self, dataset: str) -> Records:
        """The observed records of a data set. Raises Fault if it is missing, and HeldBack in share mode."""
        if self.folder is None:
            raise HeldBack(ALONE.format(plural(self.plan.datasets[dataset].unit)))
        if dataset not in self._records:
            self._records[dataset] = Records(self.folder, dataset)
        return self._records[dataset]

    def select(self, option: str, wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
        """The known names that are wanted, in their own order; all, if none is named. Raises Fault for others."""
        for name in wanted:
            if name not in known:
                hint = nearest(name, known) or f"; there are {', '.join(known) or 'none'}"
                raise Fault(f"{self.where}.options.{option}: {name!r} is not in the figure's analyses{hint}")
        return tuple(name for name in known if not wanted or name in wanted)

    def dataset_of(self, analysis: str) -> DatasetPlan:
        """The dataset of an analysis."""
        return self.plan.datasets[self.plan.analyses[analysis].dataset]

    def quantities(self, parameters: Sequence[str] = (), visits: Sequence[str] = ()) -> list[Quantity]:
        """Each parameter of each analysis of the figure, those wanted, in the order of the plan.

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
        parameters = self.select("parameters", parameters, list(dict.fromkeys(known)))
        visits = self.select("visits", visits, list(dataset.visits))
        quantities = []
        for name, analysis in analyses.items():
            for key in (p for p in analysis.parameters if p in parameters):
                parameter = dataset.parameters[key]
                analysed = analysis.visits or parameter.visits
                drawn = tuple(v for v in visits if v in parameter.visits and v in analysed)
                label = parameter.label if known.count(key) == 1 else f"{parameter.label} – {analysis.title}"
                if drawn or not parameter.visits:
                    quantities.append(Quantity(name, key, parameter, names[0], dataset, drawn or ("",), label))
        if not quantities:
            raise Fault(f"{self.where}: its analyses have no such parameter at these visits; nothing can be drawn")
        return quantities

    def groups(self, dataset: DatasetPlan, apart: bool = True) -> list[Group]:
        """The groups of a data set in the plan's order, or the one group of all units."""
        if not (apart and dataset.group and dataset.groups):
            return [ALL]
        return [look_of(key, label, place) for place, (key, label) in enumerate(dataset.groups.items())]

    def find(self, quantity: Quantity, statistic: str, group: Group, visit: str) -> Estimate:
        """The estimate of a quantity in a group at a visit. Raises Fault if it is not there."""
        return self.estimates.find(Name(quantity.analysis, quantity.key, statistic, group.key, visit))

    def with_ends(self, quantity: Quantity, statistics: Sequence[str], group: Group, visit: str) -> list[Estimate]:
        """A statistic of a quantity and the ends of its interval, or it alone where the analysis gives no interval.

        Of values within clusters, and of the answers to a single item, a description gives none.
        """
        point, *ends = statistics
        if not any(self.estimates.gives(quantity.analysis, quantity.key, end) for end in ends):
            self._bare[quantity.label] = None
            ends = []
        return [self.find(quantity, statistic, group, visit) for statistic in (point, *ends)]

    def triples(self, quantity: Quantity, statistics: Sequence[str], group: Group) -> list[list[Estimate]]:
        """A statistic of a quantity in a group with the ends of its interval, visit by visit, as ``with_ends``."""
        return [self.with_ends(quantity, statistics, group, visit) for visit in quantity.visits]

    @property
    def without_intervals(self) -> str:
        """A sentence for the note on what is drawn without an interval; "" where all have one."""
        return f"No interval: {', '.join(self._bare)}." if self._bare else ""

    @property
    def without_held_back(self) -> str:
        """A sentence for the note, where some of what the figure's analyses have is held back."""
        every = (number for name in self.entry.analyses for number in self.estimates.all_of(name))
        return f"{HELD_BACK}: held back, and not drawn." if any(number.suppressed for number in every) else ""

    def units(self, quantity: Quantity, group: Group, visit: str) -> list[Record]:
        """The records of single participants or animals that the analysis used, none in share mode.

        Raises Fault if it counted others.
        """
        if not self.has_units:
            return []
        counted = self.find(quantity, "n", group, visit)
        members = self.used(quantity, counted)
        if counted.value != len(members):
            raise Fault(
                f"{self.where}: analysis {quantity.analysis!r} counts {counted.shown} values of {quantity.key!r} "
                f"(visit {visit!r}, group {group.key!r}), its row set holds {len(members)}; {AGAIN}"
            )
        self.list_records(quantity, group, members)
        return members

    def list_records(self, quantity: Quantity, group: Group, records: Sequence[Record]) -> None:
        """Take records into the table of the figure's values: they are drawn as points or lines."""
        self._drawn_records += [(quantity, group, record) for record in records]

    def used(self, quantity: Quantity, number: Estimate) -> list[Record]:
        """The records with a value that a number of a quantity rests on, as its analysis stored them."""
        records = self.records(quantity.dataset_name)
        records.load({n.rowset for n in self.estimates.of(quantity.analysis, [number.statistic])})
        return [r for r in records.used(number) if r.parameter == quantity.key and r.value == r.value]

    # the key above the panels

    def legend(self, groups: Sequence[Group], lines: bool = False) -> None:
        """The key of the groups above the panels; none for one group."""
        if len(groups) > 1:
            self.key([(g.label, group_look(g, lines)) for g in groups])

    def key(self, looks: Sequence[tuple[str, Look]]) -> None:
        """What lines and points stand for (label, look), in rows above the panels."""
        self._key = looks

    def extend_key(self, looks: Sequence[tuple[str, Look]]) -> None:
        """Add entries to the key."""
        self._key = [*self._key, *looks]

    def finish(self) -> None:
        """Put the key, and the label of simulated data in the upper right corner, above what is drawn."""
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        simulated = self.plan.kind == "simulated"
        labels = [theme.filled(label, 230) for label, _ in self._key]
        widths = [max(theme.text_width(part) for part in label.split("\n")) + 44 for label in labels]
        room = theme.WIDTH * 72 - 16
        columns = len(labels) if sum(widths) <= room else max(1, int(room // max(widths)))
        taken = sum(widths) if columns == len(labels) else columns * max(widths)
        rows = -(-len(labels) // columns) if labels else 0
        strip = STRIP if simulated and (not labels or taken > room - 100) else 0.0
        top = strip + rows * 0.135 * max((label.count("\n") + 1 for label in labels), default=0) + (0.14 if rows else 0)
        width, height = theme.WIDTH, self.figure.get_size_inches()[1] + top
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

        handles = [Line2D([], [], **look) for _, look in self._key]  # type: ignore[arg-type]
        order = [i for column in range(columns) for i in range(column, len(labels), columns)]  # columns fill first
        legend = self.figure.legend(
            [handles[i] for i in order],
            [labels[i] for i in order],
            loc="upper left",
            bbox_to_anchor=(0, top),
            ncols=columns,
            borderaxespad=0.2,
            handletextpad=0.5,
            labelspacing=0.35,
        )
        legend.set_in_layout(False)

    def _draw_label(self, x: float, y: float) -> None:
        box = {"boxstyle": "round,pad=0.3", "facecolor": "#FFF6E5", "edgecolor": "#E0B36A", "linewidth": 0.6}
        text = self.figure.text(x, y, SIMULATED, size=theme.SMALL, color="#7A4300", ha="right", va="top", bbox=box)
        text.set_gid("simulated")
        text.set_in_layout(False)

    # the files

    def write(
        self,
        path: Path,
        forms: Sequence[Form] = ("png", "svg"),
        dpi: int = theme.DPI,
        confidential: bool | None = None,
    ) -> list[Path]:
        """Write the finished figure in some forms, and its values as .csv, without any date; the paths written.

        ``path``: without an ending; ``dpi``: of a PNG; ``confidential``: as of ``store.write_bytes``. The same results
        give the same bytes.
        """
        paths = []
        for form, content in self.contents(forms, dpi).items():
            paths.append(path.with_name(f"{path.name}.{form}"))
            write_bytes(paths[-1], content, confidential)
        return paths

    def contents(self, forms: Sequence[Form], dpi: int = theme.DPI) -> dict[str, bytes]:
        """The finished figure in some forms, and its values as CSV: ending -> bytes."""
        images: dict[str, bytes] = {form: self._image(form, dpi) for form in forms}
        return {**images, "csv": csv_text(COLUMNS, self._values()).encode()}

    def _image(self, form: Form, dpi: int) -> bytes:
        """The figure in a form. The canvases print themselves: ``savefig`` would draw each figure twice."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        content, title = io.BytesIO(), {"Creator": None, "Title": self.entry.title}
        if form == "png":
            self.figure.set_dpi(dpi)
            FigureCanvasAgg(self.figure).print_png(
                content, metadata={"Software": None}, pil_kwargs={"compress_level": 3, "dpi": (dpi, dpi)}
            )
        elif form == "pdf":
            from matplotlib.backends.backend_pdf import FigureCanvasPdf  # no run draws one, and it brings fontTools

            FigureCanvasPdf(self.figure).print_pdf(content, metadata={**title, "Producer": None, "CreationDate": None})
        else:
            FigureCanvasSVG(self.figure).print_svg(content, metadata={**title, "Date": None})
            return self._with_titles(content.getvalue())
        return content.getvalue()

    def _values(self) -> list[tuple[str, ...]]:
        """The numbers drawn, then the records drawn as points or lines."""
        rows: list[tuple[str, ...]] = [
            (n.id, n.analysis, n.parameter, n.group, n.visit, n.level, n.statistic, n.text, n.unit, "", "")
            for n in self._numbers.values()
        ]
        for quantity, group, record in self._drawn_records:
            unit = quantity.dataset.parameters[record.parameter].unit
            what = ("", quantity.analysis, record.parameter, group.key, record.visit, "", "")
            rows.append((*what, number_text(record.value), unit, str(record.record), record.unit))
        return rows

    def _with_titles(self, svg: bytes) -> bytes:
        """The SVG in which the element of each number has its id, and a title that is read on hovering over it."""
        ElementTree.register_namespace("", SVG[1:-1])
        ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
        font = f"'{theme.FONT}'"
        root = ElementTree.fromstring(svg.replace(font.encode(), f"{font}, {theme.FALLBACKS}".encode()))
        for element in list(root.iter(f"{SVG}g")):
            name = element.get("id") or ""
            if name.startswith("number-"):
                self._title(element, self._numbers[name.removeprefix("number-")])
            elif name in self._marks:
                self._split(element, self._marks[name])
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

    def _split(self, mark: ElementTree.Element, numbers: list[Estimate]) -> None:
        """Give each element of a mark its own group with its number's id and title."""
        shapes = [
            (parent, child)
            for parent in mark.iter()
            if parent.tag != f"{SVG}defs"
            for child in parent
            if child.tag in (f"{SVG}use", f"{SVG}path")
        ]
        if len(shapes) != len(numbers):
            raise AssertionError(f"{self.where}: {len(shapes)} elements drawn for {len(numbers)} numbers")
        for (parent, child), number in zip(shapes, numbers, strict=True):
            group = ElementTree.Element(f"{SVG}g", {"id": f"number-{number.id}"})
            parent[list(parent).index(child)] = group
            group.append(child)
            self._title(group, number)

    def _title(self, element: ElementTree.Element, number: Estimate) -> None:
        title = ElementTree.Element(f"{SVG}title")
        title.text = self.words(number)
        element.insert(0, title)

    def words(self, number: Estimate) -> str:
        """A number in words: what it is, its value and unit."""
        dataset, statistic = self.dataset_of(number.analysis), statistic_of(number.statistic)
        names = [dataset.parameters[key].label for key in number.parameter.split(" & ") if key in dataset.parameters]
        parts = [
            " & ".join(names),
            dataset.visits.get(number.visit, number.visit),
            "" if number.group == EVERYBODY else group_label(number.group, dataset.groups, statistic.null == 1),
            level_shown(number.level, dataset),
        ]
        what = ", ".join(filter(None, parts))
        return f"{what}: {statistic.label} {number.shown or 'without value'} {number.unit}".strip()


def group_look(group: Group, lines: bool = False) -> Look:
    """A group's entry in a key: its marker, with its line where lines are drawn."""
    line = (
        {"linestyle": (0, group.dashes) if group.dashes else "-", "linewidth": 1.3} if lines else {"linestyle": "none"}
    )
    return {"color": group.colour, "marker": group.marker, "markersize": 5.5, **line}
