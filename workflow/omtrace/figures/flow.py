"""Flow of the units through the visits: boxes and arrows for one arm or several, reasons left out beside."""

from dataclasses import dataclass

from pydantic import Field

from omtrace.faults import Fault
from omtrace.figures import Drawing, Figure
from omtrace.figures import _style as style
from omtrace.figures._results import AGAIN, Number
from omtrace.figures._sheet import Group, Sheet
from omtrace.study.plan import Closed

EXCLUDED = "excluded: "
TAG = 1.0  # inches: column of the visits' names
GAP = 0.3  # inches between boxes
PAD = 0.09  # inches between a box and its text
LEADING = 1.4


class Options(Closed):
    """What the figure may be told."""

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
    size: float = style.BODY

    def lines(self, item: Item) -> list[str]:
        """The item's text in the lines that the box's width allows."""
        return style.wrapped(item.text, (self.width - 2 * PAD) * 72, self.size, item.bold)

    @property
    def height(self) -> float:
        """Height in inches."""
        return 2 * PAD + sum(len(self.lines(item)) for item in self.items) * self.size * LEADING / 72


class Flow:
    """The numbers of a flow analysis."""

    def __init__(self, sheet: Sheet, options: Options) -> None:
        self.sheet, self.analysis = sheet, sheet.entry.analyses[0]
        self.dataset = sheet.plan.datasets[sheet.plan.analyses[self.analysis].dataset]
        self.numbers = sheet.estimates.of(self.analysis, ["n"])
        parameters = list(dict.fromkeys(n.parameter for n in self.numbers))
        if not parameters:
            raise Fault(f"{sheet.where}: analysis {self.analysis!r} has no statistic 'n'; {AGAIN}")
        wanted = [options.parameter] if options.parameter else []
        self.parameter = sheet.chosen("parameter", wanted, parameters)[0]
        present = {n.visit for n in self.numbers if n.parameter == self.parameter and n.level == "analysed"}
        known = [v for v in ("", *self.dataset.visits) if v in present]
        self.visits = sheet.chosen("visits", options.visits, known)
        self.arms = sheet.groups(self.dataset, options.by_group)

    def count(self, level: str, arm: Group | None, visit: str = "") -> Number:
        """The number in a box. Raises Fault if it is not there."""
        group = arm.key if arm else "all"
        return self.sheet.estimates.find(self.analysis, self.parameter, "n", group, visit, level)

    def enrolled(self, arm: Group | None) -> Number:
        """Every unit of the roster: the same number at each visit, so the first one stands for all."""
        at = next((n.visit for n in self.numbers if n.parameter == self.parameter and n.level == "enrolled"), "")
        return self.count("enrolled", arm, at)

    def reasons(self, arm: Group, visit: str) -> list[Number]:
        """Why units were left out, each with how many; reasons that no unit has are not drawn."""
        return [
            n for n in self.numbers
            if (n.parameter, n.group, n.visit) == (self.parameter, arm.key, visit)
            and n.level.startswith(EXCLUDED) and n.value > 0
        ]  # fmt: skip


def draw(sheet: Sheet, options: Options) -> Drawing:
    """Enrolled units on top, the arms below, a row a visit; lengths in inches throughout."""
    flow = Flow(sheet, options)
    arms = flow.arms
    column = (style.WIDTH - TAG - 0.1) / len(arms)
    main = {1: 2.3, 2: 1.4}.get(len(arms), column - 0.12)
    beside = len(arms) <= 2
    rows = [[_pair(flow, arm, visit, main, column if beside else main) for arm in arms] for visit in flow.visits]
    top = Box((Item("Enrolled", bold=True), _counted(flow.enrolled(None))), max(main, 1.8))
    heads = [Box((Item(a.label, bold=True), _counted(flow.enrolled(a))), main) for a in arms] if len(arms) > 1 else []
    tall = [max(_height(pair, beside) for pair in row) for row in rows]
    head = max((box.height for box in heads), default=-GAP)
    height = 0.12 + top.height + GAP + head + GAP * (1.4 if heads else 1) + sum(tall) + GAP * (len(rows) - 1) + 0.1
    axes = _canvas(sheet, height)
    lefts = [TAG + 0.05 + i * column for i in range(len(arms))]
    middles = [left + main / 2 for left in lefts]
    down = 0.12
    _place(sheet, axes, top, (middles[0] + middles[-1]) / 2 - top.width / 2, down)
    ends = [((middles[0] + middles[-1]) / 2, down + top.height)]
    down += top.height + GAP
    if heads:
        down += GAP * 0.4
        _branch(axes, ends[0], middles, down)
        for left, box in zip(lefts, heads, strict=True):
            _place(sheet, axes, Box(box.items, box.width), left, down, fill=style.TINT, tall=head)
        ends = [(middle, down + head) for middle in middles]
        down += head + GAP
    for visit, row, room in zip(flow.visits, rows, tall, strict=True):
        _tag(axes, flow.dataset.visits.get(visit, ""), down, row[0][0].height)
        for i, (box, side) in enumerate(row):
            _arrow(axes, ends[i], (middles[i], down))
            _place(sheet, axes, box, lefts[i], down)
            ends[i] = (middles[i], down + box.height)
            if side and beside:
                _arrow(axes, (lefts[i] + main, down + box.height / 2), (lefts[i] + main + 0.2, down + box.height / 2))
                _place(sheet, axes, side, lefts[i] + main + 0.2, down, fill=style.TINT, left=True)
            elif side:
                _place(sheet, axes, side, lefts[i], down + box.height, fill=style.TINT, left=True)
                ends[i] = (middles[i], down + box.height + side.height)
        down += room + GAP
    return Drawing(
        _alt(flow),
        sheet.numbers,
        f"Assessed: {flow.dataset.unit}s with a value. Analysed: those of them in the population.",
    )


def _counted(number: Number, before: str = "") -> Item:
    return Item(f"{before}n = {number.shown}", number)


def _pair(flow: Flow, arm: Group, visit: str, main: float, column: float) -> tuple[Box, Box | None]:
    """The box of a visit, and the box with the reasons, if any unit was left out."""
    box = Box((_counted(flow.count("assessed", arm, visit), "Assessed: "),
               _counted(flow.count("analysed", arm, visit), "Analysed: ")), main)  # fmt: skip
    reasons = flow.reasons(arm, visit)
    if not reasons:
        return box, None
    items = [_counted(n, n.level.removeprefix(EXCLUDED).capitalize() + ": ") for n in reasons]
    items = [Item("Left out", bold=True), *items]
    if column > main:
        needed = max(style.text_width(item.text, style.SMALL, item.bold) for item in items) / 72 + 2 * PAD + 0.02
        main = min(needed, column - main - 0.3)
    return box, Box(tuple(items), main, style.SMALL)


def _height(pair: tuple[Box, Box | None], beside: bool) -> float:
    box, side = pair
    if side is None:
        return box.height
    return max(box.height, side.height) if beside else box.height + side.height


def _canvas(sheet: Sheet, height: float):
    sheet.figure.set_layout_engine(None)
    sheet.figure.set_size_inches(style.WIDTH, height)
    axes = sheet.figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, style.WIDTH)
    axes.set_ylim(height, 0)
    axes.axis("off")
    return axes


def _place(
    sheet: Sheet, axes, box: Box, x: float, y: float, fill: str = "white", left: bool = False, tall: float = 0
) -> None:
    from matplotlib.patches import FancyBboxPatch

    height = max(tall, box.height)
    axes.add_patch(FancyBboxPatch((x, y), box.width, height, boxstyle="round,pad=0,rounding_size=0.05",
                                  facecolor=fill, edgecolor="#7C8794", linewidth=0.8, zorder=3))  # fmt: skip
    down = y + PAD + (height - box.height) / 2
    for item in box.items:
        lines = box.lines(item)
        room = len(lines) * box.size * LEADING / 72
        text = axes.text(x + PAD if left else x + box.width / 2, down + room / 2, "\n".join(lines), size=box.size,
                         weight="bold" if item.bold else "normal", ha="left" if left else "center", va="center",
                         linespacing=1.25, zorder=4)  # fmt: skip
        if item.number:
            sheet.show(text, item.number)
        down += room


def _tag(axes, label: str, y: float, height: float) -> None:
    """A visit's name beside its row of boxes."""
    axes.text(0.06, y + height / 2, "\n".join(style.wrapped(label, TAG * 72 - 14, style.BODY, True)), weight="bold",
              ha="left", va="center", color=style.SINGLE, linespacing=1.2)  # fmt: skip


def _arrow(axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#5B6472", "linewidth": 0.9, "shrinkA": 0,
                                              "shrinkB": 0, "mutation_scale": 9}, zorder=2)  # fmt: skip


def _branch(axes, start: tuple[float, float], middles: list[float], end: float) -> None:
    """From one box to several below it."""
    x, y = start
    turn = y + (end - y) * 0.45
    axes.plot([x, x], [y, turn], color="#5B6472", linewidth=0.9, zorder=2)
    axes.plot([middles[0], middles[-1]], [turn, turn], color="#5B6472", linewidth=0.9, zorder=2)
    for middle in middles:
        _arrow(axes, (middle, turn), (middle, end))


def _alt(flow: Flow) -> str:
    parts = [f"Flow diagram. Enrolled: {flow.enrolled(None).shown}."]
    for arm in flow.arms:
        for visit in flow.visits:
            name = f"{arm.label}, " if len(flow.arms) > 1 else ""
            left = [f"{n.level.removeprefix(EXCLUDED)} {n.shown}" for n in flow.reasons(arm, visit)]
            parts.append(
                f"{name}{flow.dataset.visits.get(visit, '')}: assessed {flow.count('assessed', arm, visit).shown}, analysed "
                f"{flow.count('analysed', arm, visit).shown}" + (f"; left out: {', '.join(left)}." if left else ".")
            )
    return " ".join(parts)


FIGURE = Figure(Options, draw)
