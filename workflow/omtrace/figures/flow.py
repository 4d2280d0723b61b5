"""Flow of the units through the visits: boxes and arrows for one arm or several, reasons left out beside."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _theme as theme
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Group, Sheet
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EXCLUDED = "excluded: "
OUTSIDE = re.compile(r"not in population \w+( \(unknown\))?: (.+)")
TAG = 1.0  # inches: column of the visits' names
GAP = 0.3  # inches between boxes
PAD = 0.09  # inches between a box and its text
LEADING = 1.4  # height of a line of text in a box, in font sizes
EDGE = "#7C8794"


class Options(Closed):
    """Options of the figure."""

    parameter: str = Field("", description="parameter whose flow is drawn; default: the analysis' first")
    visits: tuple[str, ...] = Field((), description="visits drawn; none: all that were analysed")
    by_group: bool = Field(True, description="an arm a group, where the dataset has groups; else all units together")


@dataclass(frozen=True)
class Item:
    """Lines of text in a box, and the number they show."""

    text: str
    number: Number | None = None
    bold: bool = False


@dataclass(frozen=True)
class Box:
    """Items that are set one below the other; ``width`` in inches."""

    items: tuple[Item, ...]
    width: float
    size: float = theme.BODY

    def lines(self, item: Item) -> list[str]:
        """The item's text in the lines that the box's width allows."""
        return theme.wrapped(item.text, (self.width - 2 * PAD) * 72, self.size, item.bold)

    @property
    def height(self) -> float:
        """Height in inches."""
        return 2 * PAD + sum(len(self.lines(item)) for item in self.items) * self.size * LEADING / 72


class Flow:
    """The numbers of a flow analysis."""

    def __init__(self, sheet: Sheet, options: Options) -> None:
        if len(sheet.entry.analyses) != 1:
            raise Fault(f"{sheet.where}.analyses: a flow is of one analysis, not of {len(sheet.entry.analyses)}")
        self.sheet, self.analysis = sheet, sheet.entry.analyses[0]
        self.dataset = sheet.plan.datasets[sheet.plan.analyses[self.analysis].dataset]
        self.numbers = sheet.estimates.of(self.analysis, ["n"])
        parameters = list(dict.fromkeys(n.parameter for n in self.numbers))
        if not parameters:
            raise Fault(f"{sheet.where}: analysis {self.analysis!r} has no statistic 'n'; {AGAIN}")
        wanted = [options.parameter] if options.parameter else []
        self.parameter = sheet.select("parameter", wanted, parameters)[0]
        present = {n.visit for n in self.numbers if n.parameter == self.parameter and n.level == "analysed"}
        known = [v for v in ("", *self.dataset.visits) if v in present]
        self.visits = sheet.select("visits", options.visits, known)
        self.arms = sheet.groups(self.dataset, options.by_group)

    def count(self, level: str, arm: Group | None, visit: str = "") -> Number:
        """The number in a box. Raises Fault if it is not there."""
        group = arm.key if arm else "all"
        return self.sheet.estimates.find(self.analysis, self.parameter, "n", group, visit, level)

    def enrolled(self, arm: Group | None) -> Number:
        """Every unit of the roster: the same number at each visit, so the first one stands for all."""
        mine = (n for n in self.numbers if n.parameter == self.parameter and n.level == "enrolled")
        return self.count("enrolled", arm, next((n.visit for n in mine), ""))

    @property
    def narrows(self) -> bool:
        """Whether no arm has more units at a visit than at the one before, so that arrows may lead down."""
        for arm in self.arms:
            counted = [self.count("assessed", arm, visit).value for visit in self.visits]
            if any(later > earlier for earlier, later in zip(counted, counted[1:], strict=False)):
                return False
        return True

    def reasons(self, arm: Group, visit: str) -> list[Number]:
        """Why units were left out, each with how many; reasons that no unit has are not drawn."""
        return [
            n
            for n in self.numbers
            if (n.parameter, n.group, n.visit) == (self.parameter, arm.key, visit)
            if n.level.startswith(EXCLUDED) and n.value > 0
        ]


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Enrolled units on top, the arms below, a row a visit; all lengths in inches, downward."""
    flow = Flow(sheet, options)
    sheet.figure.set_layout_engine(None)
    axes = sheet.figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    chart = Chart(sheet, axes, flow)
    chart.top()
    for visit in flow.visits:
        chart.visit(visit)
    height = chart.down - GAP + 0.1
    axes.set_xlim(0, theme.WIDTH)
    axes.set_ylim(height, 0)
    sheet.figure.set_size_inches(theme.WIDTH, height)
    unit = flow.dataset.unit
    note = f"Assessed: {plural(unit)} with a value. Analysed: those of them in the analysed population."
    if not flow.narrows:
        note += " No arrows lead from visit to visit: some were assessed at a later visit only."
    return Drawing(_alt(flow), sheet.numbers, note)


class Chart:
    """Boxes and arrows from the top down. ``down``: how far it has come; ``ends``: the foot of each arm."""

    def __init__(self, sheet: Sheet, axes: "Axes", flow: Flow) -> None:
        self.sheet, self.axes, self.flow, self.down = sheet, axes, flow, 0.12
        arms = len(flow.arms)
        self.column = (theme.WIDTH - TAG - 0.1) / arms
        self.main = {1: 2.3, 2: 1.4}.get(arms, self.column - 0.12)
        self.beside = arms <= 2  # else the reasons hang below their box
        self.lefts = [TAG + 0.05 + i * self.column for i in range(arms)]
        self.middles = [left + self.main / 2 for left in self.lefts]
        self.ends: list[float] = []

    def top(self) -> None:
        """The box of all enrolled, and below it, if there are several arms, a box for each."""
        middle = (self.middles[0] + self.middles[-1]) / 2
        box = Box((Item("Enrolled", bold=True), _counted(self.flow.enrolled(None))), max(self.main, 1.8))
        _place(self.sheet, self.axes, box, middle - box.width / 2, self.down)
        self.down += box.height
        self.ends = [self.down] * len(self.lefts)
        self.down += GAP
        if len(self.lefts) == 1:
            return
        arms = self.flow.arms
        heads = [Box((Item(arm.label, bold=True), _counted(self.flow.enrolled(arm))), self.main) for arm in arms]
        tall = max(head.height for head in heads)
        foot, self.down = self.down - GAP, self.down + GAP * 0.4
        _branch(self.axes, (middle, foot), self.middles, self.down)
        for left, head in zip(self.lefts, heads, strict=True):
            _place(self.sheet, self.axes, head, left, self.down, fill=theme.TINT, tall=tall)
        self.ends = [self.down + tall] * len(heads)
        self.down += tall + GAP

    def visit(self, visit: str) -> None:
        """A row: the visit's name, and for each arm its box and the reasons left out."""
        feet = []
        for i, arm in enumerate(self.flow.arms):
            assessed, analysed = (self.flow.count(level, arm, visit) for level in ("assessed", "analysed"))
            items = [_counted(assessed, "Assessed: "), _counted(analysed, "Analysed: ")]
            box = Box(tuple(items if assessed.value != analysed.value else items[1:]), self.main)
            if i == 0:
                _tag(self.axes, self.flow.dataset.visits.get(visit, ""), self.down, box.height)
            if self.flow.narrows or visit == self.flow.visits[0]:
                _arrow(self.axes, (self.middles[i], self.ends[i]), (self.middles[i], self.down))
            _place(self.sheet, self.axes, box, self.lefts[i], self.down)
            self.ends[i] = self.down + box.height
            feet.append(max(self.ends[i], self._reasons(i, arm, visit, box.height)))
        self.down = max(feet) + GAP

    def _reasons(self, i: int, arm: Group, visit: str, height: float) -> float:
        """The box of reasons, if any unit was left out, and how far down it reaches."""
        reasons = self.flow.reasons(arm, visit)
        if not reasons:
            return 0.0
        items = (Item("Left out", bold=True), *(_counted(n, f"{_reason(n)}: ") for n in reasons))
        if not self.beside:
            box = Box(items, self.main, theme.SMALL)
            _place(self.sheet, self.axes, box, self.lefts[i], self.ends[i], fill=theme.TINT, left=True)
            self.ends[i] += box.height
            return self.ends[i]
        needed = max(theme.text_width(item.text, theme.SMALL, item.bold) for item in items) / 72 + 2 * PAD + 0.02
        box = Box(items, min(needed, self.column - self.main - 0.3), theme.SMALL)
        start = self.lefts[i] + self.main
        _arrow(self.axes, (start, self.down + height / 2), (start + 0.2, self.down + height / 2))
        _place(self.sheet, self.axes, box, start + 0.2, self.down, fill=theme.TINT, left=True)
        return self.down + box.height


def _counted(number: Number, before: str = "") -> Item:
    return Item(f"{before}n = {number.shown}", number)


def _reason(number: Number) -> str:
    """Why units were left out, as a reader of a paper needs it: the name of a check stands in brackets.

    Who is not in the analysed population is left out for the clauses that fail, where the plan words them.
    """
    reason = number.level.removeprefix(EXCLUDED)
    if outside := OUTSIDE.fullmatch(reason):
        reason = f"not known: {outside[2]}" if outside[1] else outside[2]
        return reason[:1].upper() + reason[1:]
    kind, _, check = reason.partition(": ")
    if kind == "quarantined":
        return f"Value refused by a check ({check.replace('_', ' ')})"
    return reason[:1].upper() + reason[1:]


def _place(
    sheet: Sheet, axes: "Axes", box: Box, x: float, y: float, fill: str = "white", left: bool = False, tall: float = 0
) -> None:
    from matplotlib.patches import FancyBboxPatch

    height = max(tall, box.height)
    style = "round,pad=0,rounding_size=0.05"
    patch = FancyBboxPatch((x, y), box.width, height, style, facecolor=fill, edgecolor=EDGE, linewidth=0.8, zorder=3)
    axes.add_patch(patch)
    down = y + PAD + (height - box.height) / 2
    for item in box.items:
        lines = box.lines(item)
        room = len(lines) * box.size * LEADING / 72
        text = axes.text(
            x + PAD if left else x + box.width / 2,
            down + room / 2,
            "\n".join(lines),
            size=box.size,
            weight="bold" if item.bold else "normal",
            ha="left" if left else "center",
            va="center",
            linespacing=theme.LEADING,
            zorder=4,
        )
        if item.number:
            sheet.show(text, item.number)
        down += room


def _tag(axes: "Axes", label: str, y: float, height: float) -> None:
    """A visit's name beside its row of boxes."""
    text = theme.filled(label, TAG * 72 - 14, theme.BODY, True)
    colour = theme.darker(theme.SINGLE)
    axes.text(0.06, y + height / 2, text, weight="bold", ha="left", va="center", color=colour, linespacing=1.2)


def _arrow(axes: "Axes", start: tuple[float, float], end: tuple[float, float]) -> None:
    arrow = {
        "arrowstyle": "-|>",
        "color": theme.MUTED,
        "linewidth": 0.9,
        "shrinkA": 0,
        "shrinkB": 0,
        "mutation_scale": 9,
    }
    axes.annotate("", end, start, arrowprops=arrow, zorder=2)


def _branch(axes: "Axes", start: tuple[float, float], middles: list[float], end: float) -> None:
    """From one box to several below it."""
    x, y = start
    turn = y + (end - y) * 0.45
    axes.plot([x, x], [y, turn], color=theme.MUTED, linewidth=0.9, zorder=2)
    axes.plot([middles[0], middles[-1]], [turn, turn], color=theme.MUTED, linewidth=0.9, zorder=2)
    for middle in middles:
        _arrow(axes, (middle, turn), (middle, end))


def _alt(flow: Flow) -> str:
    parts = [f"Flow diagram. Enrolled: {flow.enrolled(None).shown}."]
    for arm in flow.arms:
        for visit in flow.visits:
            place = [arm.label] * (len(flow.arms) > 1) + [label for label in (flow.dataset.visits.get(visit),) if label]
            assessed, analysed = (flow.count(level, arm, visit).shown for level in ("assessed", "analysed"))
            left = [f"{_reason(n)} {n.shown}" for n in flow.reasons(arm, visit)]
            counted = f"assessed {assessed}, analysed {analysed}" + (f"; left out: {', '.join(left)}" if left else "")
            parts.append(": ".join(filter(None, (", ".join(place), counted))) + ".")
    return " ".join(parts)


FIGURE = Figure(Options, draw, lambda options: [("n",)])
