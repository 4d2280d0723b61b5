"""Flow of the units: boxes and arrows for one arm or several; through the visits, or in the parts of a guideline.

The form ``consort`` has the parts of the diagram of CONSORT 2025 (Hopewell S et al., BMJ 2025;389:e081123): enrolment,
allocation, follow-up, analysis; ``crossover`` has them by sequence and period (Dwan K et al., BMJ 2019;366:l4378);
``arrive`` those of an experiment: allocation, and each outcome's analysis.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses._shown import plural
from omtrace.analyses.flow import THROUGHOUT
from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _theme as theme
from omtrace.figures._flow import Flow, lowered, reason_of, sentence
from omtrace.figures._sheet import Group, Sheet
from omtrace.model.closed import Closed
from omtrace.model.estimate import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    form: Literal["visits", "consort", "crossover", "arrive"] = Field(
        "visits",
        description="a row a visit; or the parts of CONSORT 2025, the last visit drawn that of the analysis; or these "
        "with a row for each period (visit) of a crossover, whose groups are its sequences; or allocation and a row "
        "for each parameter of the analysis, as ARRIVE 2.0 asks for",
    )
    sequences: dict[str, tuple[str, ...]] = Field(
        {}, description="of a crossover: sequence -> its treatment in each period, in the order of the visits drawn"
    )


@dataclass(frozen=True)
class Item:
    """Lines of text in a box, and the number they show."""

    text: str
    number: Estimate | None = None
    bold: bool = False


@dataclass(frozen=True)
class Box:
    """Items that are set one below the other, left-aligned or in the middle; ``width`` in inches."""

    items: tuple[Item, ...]
    width: float
    size: float = theme.BODY
    left: bool = False
    fill: str = "white"

    def lines(self, item: Item) -> list[str]:
        """The item's text in the lines that the box's width allows."""
        return theme.wrapped(item.text, (self.width - 2 * PAD) * 72, self.size, item.bold)

    @property
    def height(self) -> float:
        """Height in inches."""
        return 2 * PAD + sum(len(self.lines(item)) for item in self.items) * self.size * LEADING / 72


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Enrolled units on top, the arms below, a row a visit; all lengths in inches, downward."""
    flow = Flow(sheet, options.parameter, options.visits, options.by_group)
    sheet.figure.set_layout_engine(None)
    axes = sheet.figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    chart = Chart(sheet, axes, flow)
    if options.form != "visits":
        flow.add_up()
    forms: dict[str, Callable[[], str]] = {
        "visits": chart.visits,
        "consort": chart.consort,
        "crossover": lambda: chart.crossover(options),
        "arrive": lambda: chart.arrive(options),
    }
    note = forms[options.form]()
    if len(flow.arms) > 1 and flow.without_group:
        count = ", ".join(number.shown for number in flow.of_level("without a group"))
        note += f" In no arm, since theirs is not known: {count}."
    height = chart.down - chart.gap + 0.1
    axes.set_xlim(0, theme.WIDTH)
    axes.set_ylim(height, 0)
    sheet.figure.set_size_inches(theme.WIDTH, height)
    return Drawing(_alt(flow), sheet.numbers, note)


class Chart:
    """Boxes and arrows from the top down. ``down``: how far it has come; ``ends``: the foot of each arm."""

    def __init__(self, sheet: Sheet, axes: "Axes", flow: Flow) -> None:
        self.sheet, self.axes, self.flow, self.down = sheet, axes, flow, 0.12
        self.gap = GAP  # below the last row
        arms = len(flow.arms)
        self.column = (theme.WIDTH - TAG - 0.1) / arms
        self.main = {1: 2.3, 2: 1.4}.get(arms, self.column - 0.12)
        self.beside = arms <= 2  # else the reasons hang below their box
        self.lefts = [TAG + 0.05 + i * self.column for i in range(arms)]
        self.middles = [left + self.main / 2 for left in self.lefts]
        self.ends: list[float] = []
        self.foot = (0.0, 0.0)  # of the last box over all arms

    def visits(self) -> str:
        """Enrolled units, the arms, a row a visit; what the legend says."""
        self.top()
        for visit in self.flow.visits:
            self.visit(visit)
        units = plural(self.flow.dataset.unit)
        note = f"Assessed: {units} with a value. Analysed: those of them in the analysed population."
        if not self.flow.narrows:
            note += " No arrows lead from visit to visit: some were assessed at a later visit only."
        return note

    def consort(self) -> str:
        """Enrolment, allocation, follow-up and analysis."""
        flow, several = self.flow, len(self.flow.arms) > 1
        self._enrolment("Randomised" if several else "Enrolled")
        *followed, last = flow.visits
        at = {visit: f" at {label.lower()}" for visit, label in flow.dataset.visits.items()}
        rows: dict[str, list[list[Item]]] = {"Allocation": [], "Follow-up": [], "Analysis": []}
        for arm in flow.arms:
            rows["Allocation"].append(
                [
                    *([Item(arm.label, bold=True), _counted(flow.enrolled(arm), "Allocated: ")] if several else []),
                    *(_counted(n, "Received treatment: ") for n in flow.of_level("received", arm)),
                    *(_counted(n, "Did not receive treatment: ") for n in flow.of_level("did not receive", arm)),
                ]
            )
            stopped = [_counted(n, f"{sentence(n.level)}: ") for n in flow.of_level("discontinued", arm)]
            seen = [item for visit in followed for item in self._seen(f"Assessed{at[visit]}: ", "assessed", arm, visit)]
            rows["Follow-up"].append([*stopped, *seen])
            rows["Analysis"].append(self._seen(f"Analysed{at.get(last, '')}: ", "analysed", arm, last))
        for title, arms in rows.items():
            self._row(title, arms)
        return self._consort_note("As in CONSORT 2025.")

    def crossover(self, options: Options) -> str:
        """Enrolment, allocation to sequences, each period with its treatment, and analysis."""
        flow = self.flow
        for arm in flow.arms:
            treatments = options.sequences.get(arm.key, ())
            if len(treatments) != len(flow.visits) or len(flow.arms) != len(options.sequences):
                raise Fault(
                    f"{flow.sheet.where}.options.sequences: each group of the dataset needs a treatment for each of "
                    f"the {len(flow.visits)} visits drawn ({', '.join(flow.visits)})"
                )
        self._enrolment("Randomised")
        self._row(
            "Allocation",
            [[Item(arm.label, bold=True), _counted(flow.enrolled(arm), "Allocated: ")] for arm in flow.arms],
        )
        for place, visit in enumerate(flow.visits):
            periods = []
            for arm in flow.arms:
                treated = [
                    *(_counted(n, "Received treatment: ") for n in flow.of_level("received", arm, visit)),
                    *(_counted(n, "Did not receive treatment: ") for n in flow.of_level("did not receive", arm, visit)),
                    *(_counted(n, f"{sentence(n.level)}: ") for n in flow.of_level("discontinued", arm, visit)),
                ]
                treatment = Item(options.sequences[arm.key][place], bold=True)
                periods.append([treatment, *treated, *self._seen("Assessed: ", "assessed", arm, visit)])
            self._row(flow.dataset.visits[visit], periods)
        stopped = [
            [_counted(n, f"{sentence(n.level)}: ") for n in flow.of_level("discontinued", a, "")] for a in flow.arms
        ]
        self._row("Follow-up", stopped)
        self._row("Analysis", [self._throughout(arm) for arm in flow.arms])
        return self._consort_note("As in CONSORT for crossover trials, by sequence.")

    def _throughout(self, arm: Group) -> list[Item]:
        """Who is analysed in every period, where the analysis counts them, and who in each."""
        flow = self.flow
        every = [n for n in flow.of_level(THROUGHOUT, arm) if n.parameter == flow.parameter]
        items = [_counted(n, "Analysed in every period: ") for n in every]
        if every:
            items += [_counted(n, f"– {flow.reason_by_visit(n)}: ") for n in flow.reasons(arm, "")]
        counts = [(visit, flow.count("analysed", arm, visit)) for visit in flow.visits]
        return [*items, *(_counted(n, f"Analysed in {flow.dataset.visits[visit].lower()}: ") for visit, n in counts)]

    def _enrolment(self, word: str) -> None:
        """Who was assessed for eligibility, where the data hold that, and who was enrolled."""
        flow = self.flow
        self._widen()
        screened, allocated = flow.of_level("screened out"), flow.of_level("allocated")
        self._heading("Enrolment", "Assessed for eligibility" if allocated else word, flow.enrolled(None), screened)
        if allocated:
            self._heading("", word, allocated[0])

    def _consort_note(self, form: str) -> str:
        units = plural(self.flow.dataset.unit)
        note = f"{form} Analysed: {units} in the analysed population with a value."
        known = self.flow.of_level("allocated")
        return note if known else f"{note} How many {units} were assessed for eligibility is not in the data."

    def _seen(self, words: str, level: str, arm: Group, visit: str, parameter: str = "") -> list[Item]:
        """How many units were seen, and how many were not, for each reason."""
        seen = _counted(self.flow.count(level, arm, visit, parameter), words)
        reasons = [(n, reason_of(n)) for n in self.flow.reasons(arm, visit, parameter)]
        return [seen, *(_counted(n, f"– {lowered(why)}: ") for n, why in reasons)]

    def arrive(self, options: Options) -> str:
        """Allocation, and the analysis of each outcome."""
        flow = self.flow
        self._widen()
        self._heading("Allocation", f"{sentence(plural(flow.dataset.unit))} in the experiment", flow.enrolled(None))
        if len(flow.arms) > 1:
            self._row("", [[Item(arm.label, bold=True), _counted(flow.enrolled(arm))] for arm in flow.arms])
        for at, (parameter, visit, label) in enumerate(flow.rows(options.visits)):
            arms = [self._seen("", "analysed", arm, visit, parameter) for arm in flow.arms]
            self._row(label, arms, follows=not at)
        return (
            f"Each row below the groups: {plural(flow.dataset.unit)} analysed for an outcome, and why others are not."
        )

    def _widen(self) -> None:
        """Use the room beside the boxes, where no reasons stand there."""
        self.main = min(self.column - 0.12, 3.6)
        self.middles = [left + (self.column - 0.12) / 2 for left in self.lefts]
        self.lefts = [middle - self.main / 2 for middle in self.middles]

    def _heading(self, tag: str, title: str, number: Estimate, beside: list[Estimate] | None = None) -> None:
        """A box over all arms, with the reasons of those who went no further beside it."""
        middle = (self.middles[0] + self.middles[-1]) / 2
        box = Box((Item(title, bold=True), _counted(number)), 2.3)
        _tag(self.axes, tag, self.down, box.height)
        left = middle - box.width / 2 - (0.9 if beside else 0)
        if self.ends:
            _arrow(self.axes, (left + box.width / 2, self.ends[0]), (left + box.width / 2, self.down))
        _place(self.sheet, self.axes, box, (left, self.down))
        foot = self.down + box.height
        if beside:
            items = (Item("Excluded", bold=True), *(_counted(n, f"{reason_of(n)}: ") for n in beside))
            reasons = Box(items, 2.6, theme.SMALL, left=True, fill=theme.TINT)
            _arrow(
                self.axes,
                (left + box.width, self.down + box.height / 2),
                (left + box.width + 0.2, self.down + box.height / 2),
            )
            _place(self.sheet, self.axes, reasons, (left + box.width + 0.2, self.down))
            foot = max(foot, self.down + reasons.height)
        self.ends, self.foot = [self.down + box.height], (left + box.width / 2, self.down + box.height)
        self.down = foot + GAP

    def _row(self, tag: str, arms: list[list[Item]], follows: bool = True) -> None:
        """A box for each arm, with an arrow where it follows from the last row; nothing where no arm has an item."""
        if not any(arms):
            return
        size = theme.BODY if len(arms) <= 2 else theme.SMALL
        boxes = [Box(tuple(items), self.main, size, left=True) for items in arms]
        tall = max(*(box.height for box in boxes), _tag_height(tag))
        if len(self.ends) < len(boxes):
            self.down += GAP * 0.4
            _branch(self.axes, self.foot, self.middles, self.down)
        elif follows:
            for middle, end in zip(self.middles, self.ends, strict=True):
                _arrow(self.axes, (middle, end), (middle, self.down))
        _tag(self.axes, tag, self.down, tall)
        for left, box in zip(self.lefts, boxes, strict=True):
            _place(self.sheet, self.axes, box, (left, self.down), tall)
        self.ends = [self.down + tall] * len(boxes)
        self.gap = GAP if follows else GAP / 2
        self.down += tall + self.gap

    def top(self) -> None:
        """The box of all enrolled, and below it, if there are several arms, a box for each."""
        middle = (self.middles[0] + self.middles[-1]) / 2
        box = Box((Item("Enrolled", bold=True), _counted(self.flow.enrolled(None))), max(self.main, 1.8))
        _place(self.sheet, self.axes, box, (middle - box.width / 2, self.down))
        self.down += box.height
        self.ends = [self.down] * len(self.lefts)
        self.down += GAP
        if len(self.lefts) == 1:
            return
        heads = [
            Box((Item(arm.label, bold=True), _counted(self.flow.enrolled(arm))), self.main, fill=theme.TINT)
            for arm in self.flow.arms
        ]
        tall = max(head.height for head in heads)
        foot, self.down = self.down - GAP, self.down + GAP * 0.4
        _branch(self.axes, (middle, foot), self.middles, self.down)
        for left, head in zip(self.lefts, heads, strict=True):
            _place(self.sheet, self.axes, head, (left, self.down), tall)
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
            _place(self.sheet, self.axes, box, (self.lefts[i], self.down))
            self.ends[i] = self.down + box.height
            feet.append(max(self.ends[i], self._reasons(i, arm, visit, box.height)))
        self.down = max(feet) + GAP

    def _reasons(self, i: int, arm: Group, visit: str, height: float) -> float:
        """The box of reasons, if any unit was left out, and how far down it reaches."""
        reasons = self.flow.reasons(arm, visit)
        if not reasons:
            return 0.0
        items = (Item("Left out", bold=True), *(_counted(n, f"{reason_of(n)}: ") for n in reasons))
        if not self.beside:
            box = Box(items, self.main, theme.SMALL, left=True, fill=theme.TINT)
            _place(self.sheet, self.axes, box, (self.lefts[i], self.ends[i]))
            self.ends[i] += box.height
            return self.ends[i]
        needed = max(theme.text_width(item.text, theme.SMALL, item.bold) for item in items) / 72 + 2 * PAD + 0.02
        box = Box(items, min(needed, self.column - self.main - 0.3), theme.SMALL, left=True, fill=theme.TINT)
        start = self.lefts[i] + self.main
        _arrow(self.axes, (start, self.down + height / 2), (start + 0.2, self.down + height / 2))
        _place(self.sheet, self.axes, box, (start + 0.2, self.down))
        return self.down + box.height


def _counted(number: Estimate, before: str = "") -> Item:
    return Item(f"{before}n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{number.shown}", number)


def _place(sheet: Sheet, axes: "Axes", box: Box, corner: tuple[float, float], tall: float = 0) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), height = corner, max(tall, box.height)
    style = "round,pad=0,rounding_size=0.05"
    patch = FancyBboxPatch(
        (x, y), box.width, height, style, facecolor=box.fill, edgecolor=EDGE, linewidth=0.8, zorder=3
    )
    axes.add_patch(patch)
    down = y + PAD + (height - box.height) / 2
    for item in box.items:
        lines = box.lines(item)
        room = len(lines) * box.size * LEADING / 72
        text = axes.text(
            x + PAD if box.left else x + box.width / 2,
            down + room / 2,
            "\n".join(lines),
            size=box.size,
            weight="bold" if item.bold else "normal",
            ha="left" if box.left else "center",
            va="center",
            linespacing=theme.LEADING,
            zorder=4,
        )
        if item.number:
            sheet.show(text, item.number)
        down += room


def _tag_height(label: str) -> float:
    """How much room the name of a row needs, in inches."""
    return len(theme.wrapped(label, TAG * 72 - 14, theme.BODY, True)) * theme.BODY * 1.2 / 72 + 0.06


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
            left = [f"{reason_of(n)} {n.shown}" for n in flow.reasons(arm, visit)]
            counted = f"assessed {assessed}, analysed {analysed}" + (f"; left out: {', '.join(left)}" if left else "")
            parts.append(": ".join(filter(None, (", ".join(place), counted))) + ".")
    return " ".join(parts)


FIGURE = Figure(Options, draw, lambda options: [("n",)])
