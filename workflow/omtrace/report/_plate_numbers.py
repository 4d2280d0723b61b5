"""The numbers of a plate as markup: each opens the command that traces it; no number is made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape

from omtrace.analyses._drawn import coefficients_of
from omtrace.analyses._shown import level_shown, shown
from omtrace.analyses.standard_curve import NOT_GIVEN, USED
from omtrace.model.estimate import Estimate
from omtrace.model.plan import DatasetPlan
from omtrace.model.statistics import Role, statistic_of
from omtrace.report._plate_curve import Line
from omtrace.report.words import Cell, cell_of, columns_of, label_of

VERDICT = "plate_verdict"
VERDICTS = ("rejected", "flagged", "accepted")  # by their codes
STANDARD = "standard "


@dataclass
class Plate:
    """What is known of one plate: its label, where its wells are among those of all plates, and its numbers.

    ``named``: numbers of all plates together that name a well of this one: the well, why, and the number.
    """

    label: str
    wells: range = range(0)
    numbers: list[Estimate] = field(default_factory=list)
    named: list[tuple[str, str, Estimate]] = field(default_factory=list)

    def number_of(self, statistic: str) -> Estimate | None:
        """The first of the plate's numbers that is this statistic and has no level."""
        return self._plain.get(statistic)

    @cached_property
    def _plain(self) -> dict[str, Estimate]:
        return {row.statistic: row for row in reversed(self.numbers) if not row.level}

    @cached_property
    def coefficients(self) -> dict[str, float]:
        """Those of its curve; empty without one, or where the levels do not determine them."""
        return coefficients_of({name: row.value for name, row in self._plain.items() if row.text})

    @cached_property
    def line(self) -> Line:
        """Its curve; empty without one."""
        through = [
            (float(row.level.removeprefix(STANDARD)), row.value)
            for row in self.numbers
            if row.statistic == "curve_signal" and row.text
        ]
        return Line(self.coefficients, [] if self.coefficients else through)

    def by_analysis(self) -> dict[str, list[Estimate]]:
        """Its numbers, by analysis."""
        found: dict[str, list[Estimate]] = {}
        for row in self.numbers:
            found.setdefault(row.analysis, []).append(row)
        return found


@dataclass(frozen=True)
class Verdict:
    """What the analyses say of a plate: kind (a class of the style), words, and reasons with their numbers."""

    kind: str
    words: str
    number: Estimate | None
    reasons: tuple[tuple[str, Estimate], ...] = ()


def verdict(plate: Plate) -> Verdict:
    """The plate's acceptance, where the plan judges it; else whether it has a curve."""
    judged = [row for row in plate.numbers if row.statistic == VERDICT]
    main = next((row for row in judged if not row.level and row.text), None)
    if main:
        words = shown(main.text, 0, VERDICT)
        reasons = [(row.level.partition(": ")[2] or row.level, row) for row in judged if row.level]
        reasons += [(row.level, row) for row in plate.numbers if row.level.startswith(NOT_GIVEN)]
        kind = VERDICTS[int(main.value)]
        return Verdict(kind, words[:1].upper() + words[1:], main, tuple(reasons))
    if judged:
        return Verdict("", "Not judged", None)
    refused = next((row for row in plate.numbers if row.level.startswith("refused: ")), None)
    if refused:
        return Verdict("rejected", "No curve", None, ((refused["level"].removeprefix("refused: "), refused),))
    notes = [(row.level, row) for row in plate.numbers if row.level.startswith((USED, NOT_GIVEN))]
    return Verdict("", "Curve fitted, not judged" if plate.line else "No standard curve", None, tuple(notes))


def value(row: Estimate, unit: bool = True) -> str:
    """A number as it is read, with its unit or without; markup."""
    if row.statistic == "within_limit" and row.level.startswith(STANDARD) and row.text:
        return "yes" if row.value else "no"
    text = shown(row.text, row.decimals, row.statistic)
    if row.unit == "%" and row.text:
        return escape(f"{text}%")
    return escape(f"{text} {row.unit}" if unit and row.unit and row.text else text)


def number(row: Estimate, command: str, unit: bool = True) -> str:
    """A number that opens the command that traces it. ``command``: up to the number's id; markup."""
    name = row.id
    return (
        f'<button class="n" id="{name}" popovertarget="t{name}" title="{name}">{value(row, unit)}</button>'
        f'<code popover id="t{name}">{command}{name}</code>'
    )


def link(row: Estimate, text: str = "") -> str:
    """A number, as a link to where it stands on the page."""
    return f'<a href="#{row.id}" title="{row.id}">{text or value(row)}</a>'


def table(heads: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> str:
    """A table; ``heads``: title, and whether the column is numbers. Cells are markup already."""
    classes = [" class=num" if num else "" for _, num in heads]
    head = "".join(f"<th scope=col{kind}>{title}</th>" for kind, (title, _) in zip(classes, heads, strict=True))
    lines = []
    for row in rows:
        cells = [f"<td{kind}>{cell}</td>" for kind, cell in zip(classes[1:], row[1:], strict=True)]
        lines.append(f"<tr><th scope=row>{row[0]}</th>{''.join(cells)}</tr>")
    return (
        f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )


def by_level(rows: Sequence[Estimate], command: str, dataset: DatasetPlan) -> str:
    """Numbers that have a level, one line a level, a column a statistic."""
    levels: dict[str, dict[str, Estimate]] = {}
    for row in rows:
        if row.level:
            levels.setdefault(row.level, {}).setdefault(row.statistic, row)
    alike: dict[str, list[str]] = {}  # first statistic -> levels: standards in one table, effects of place in another
    for level, found in levels.items():
        alike.setdefault(next(iter(found)), []).append(level)
    return "".join(_levels({level: levels[level] for level in same}, command, dataset) for same in alike.values())


def _levels(levels: Mapping[str, Mapping[str, Estimate]], command: str, dataset: DatasetPlan) -> str:
    columns = columns_of(list(dict.fromkeys(name for found in levels.values() for name in found)))
    lines = []
    for level, found in levels.items():
        cells = [_cell(cell_of(column, dict(found)), command) for column in columns]
        text = level_shown(level, dataset)
        lines.append([escape(text[:1].upper() + text[1:]), *cells])
    return table([("Level", False), *((escape(column.title), True) for column in columns)], lines)


def _cell(groups: Cell, command: str) -> str:
    """A cell of several numbers as markup, the unit behind the first alone."""
    first = next((piece for group in groups for piece in group if not isinstance(piece, str)), None)
    parts = (
        "".join(escape(p) if isinstance(p, str) else number(p, command, p is first) for p in group) for group in groups
    )
    return " ".join(parts)


def plain(rows: Sequence[Estimate], command: str) -> str:
    """Numbers without a level, side by side; a standard error stands in brackets after what it is of."""
    found = {row.statistic: row for row in rows if not row.level}
    known = [statistic_of(name) for name in found]
    errors = {of: s.name for s in known if s.role is Role.STANDARD_ERROR for of in s.of if of in found}
    parts = []
    for name, row in found.items():
        if name in errors.values():
            continue
        error = found.get(errors.get(name, ""))
        label, more = (" (SE)", f" ({number(error, command, False)})") if error else ("", "")
        parts.append(f"<div><dt>{escape(label_of(name))}{label}</dt><dd>{number(row, command)}{more}</dd></div>")
    return f'<dl class="numbers">{"".join(parts)}</dl>' if parts else ""


def printed(title: str, rows: Sequence[Estimate], named: Sequence[tuple[str, str, Estimate]], command: str) -> str:
    """How many wells agree with what was printed, of how many, and the others by name with both values."""
    level = next((row.level for row in rows if row.level), "")
    of = {row.statistic: number(row, command) for row in rows if row.text}
    text = f"<h3>{escape(title)}</h3>\n"
    if {"n", "count"} <= of.keys():
        share = f" ({of['percent']})" if "percent" in of else ""
        most = f"; largest difference {of['largest_difference']}" if "largest_difference" in of else ""
        text += f'<p class="says">{of["count"]} of {of["n"]} wells are {escape(level)}{share}{most}.</p>'
    wells: dict[tuple[str, str], dict[str, Estimate]] = {}
    for well, why, row in named:
        wells.setdefault((well, why.replace("coded missing: ", "")), {})[row.statistic] = row
    if not wells:
        return text + "<p>No well differs, and none has only one of the two values.</p>"
    lines = [
        [
            f'<a href="#{well}">{well}</a>',
            escape(why),
            *(number(found[name], command) if name in found else "" for name in ("computed", "printed")),
        ]
        for (well, why), found in wells.items()
    ]
    return text + table([("The others", False), ("Why", False), ("Computed", True), ("Printed", True)], lines)
