"""Layout of the numbers of a table row: which share a column, and in what form."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from omtrace.model.estimate import Estimate
from omtrace.model.headline import main_of
from omtrace.model.statistics import INTERVALS, STATISTICS, TABLES, Role, statistic_of

Row = dict[str, Estimate]  # statistic -> number
Cell = list[list[str | Estimate]]  # groups of texts and numbers; a line may end between groups only

# Statistics that share a column: its title, the statistics, and how they are set (see ``Column``).
TOGETHER = (
    ("Median (quartiles)", ("median", "q1", "q3"), "interval"),
    ("Range", ("minimum", "maximum"), "bounds"),
    ("Range of estimates", ("estimate_lowest", "estimate_highest"), "bounds"),
    ("n (%)", ("count", "percent"), "bracket"),
    ("n (%) [events]", ("count", "proportion", "events"), "events"),
    ("n (%)", ("count", "proportion"), "bracket"),
    ("Standardised difference (p)", ("standardised_difference", "p"), "bracket"),
    ("t (df)", ("t", "df"), "bracket"),
    ("F (df)", ("f", "df_1", "df_2"), "pair"),
    ("GG ε (p)", ("gg_epsilon", "gg_p"), "bracket"),
    ("HF ε (p)", ("hf_epsilon", "hf_p"), "bracket"),
    ("χ² (df)", ("chi_squared", "df"), "bracket"),
    ("Signed rank V (p)", ("signed_rank_v", "signed_rank_p"), "bracket"),
    ("Mann–Whitney U (p)", ("mann_whitney_u", "mann_whitney_p"), "bracket"),
    ("Brunner–Munzel t (df)", ("relative_effect_t", "relative_effect_df"), "bracket"),
    ("n, group (%)", ("count_a", "proportion_a"), "bracket"),
    ("n, reference (%)", ("count_b", "proportion_b"), "bracket"),
    ("Excludes 0", ("excludes_from", "excludes_to"), "bounds"),
    ("Range of differences", ("difference_lowest", "difference_highest"), "bounds"),
    ("n, group (count)", ("n_a", "count_a"), "bracket"),
    ("n, reference (count)", ("n_b", "count_b"), "bracket"),
)


@dataclass(frozen=True)
class Column:
    """One column of a results table: ``parts`` are statistics, ``form`` says how they are set.

    Forms: ``plain`` (a), ``interval`` (a, low to high in brackets), ``bounds`` (low to high),
    ``bracket`` (a, b in brackets), ``pair`` (a, b and c in brackets), ``events`` (a, b and c in brackets of their own),
    ``needed`` (a number needed to treat), ``needed bounds`` (its interval).
    """

    title: str
    parts: tuple[str, ...]
    form: str = "plain"


def label_of(statistic: str) -> str:
    """A statistic in words."""
    return statistic_of(statistic).label


def _interval(interval: str, statistics: Sequence[str], ci: str) -> Column:
    """The column of the limits of an interval, beside their estimate or alone."""
    low, high = INTERVALS[interval]
    base = main_of(statistics) if interval == "ci" else next(iter(statistic_of(low).of))
    is_of_sample = base == "mean" and "sd" in statistics  # its SD stands beside it, as journals print it
    is_named_for_it = not is_of_sample and interval in ("ci", base, f"{base}_ci")  # not for a method
    ci = "CI" if base == "partial_eta_squared" else ci  # its level is another one
    if is_named_for_it and base in statistics:
        return Column(f"{label_of(base)} ({ci})", (base, low, high), "interval")
    label = label_of(low).removesuffix(f", {Role.LOW}")
    title = ci if interval == "ci" else f"{label} {ci}"
    return Column(title, (low, high), "bounds")


def apart_of(statistic: str) -> int:
    """Which of the tables of its row a statistic belongs to: 0 for the first."""
    table = statistic_of(statistic).table
    return TABLES.index(table) + 1 if table else 0


def _needed(interval: str, given: Collection[str], ci: str) -> Column:
    """The column of the interval of a number needed to treat: limits, or the ends of one through infinity."""
    parts = tuple(s.name for s in STATISTICS.values() if s.interval == interval and s.name in given)
    label = label_of(INTERVALS[interval][0]).removesuffix(f", {Role.LOW}")
    return Column(f"{label} {ci}", parts, "needed bounds")


def columns_of(statistics: Sequence[str], ci: str = "CI") -> list[Column]:
    """The columns of a table whose rows hold these statistics, in their order; ``ci`` names an interval.

    Limits stand beside their estimate, an SD beside its mean (whose interval then stands alone), an SE beside its
    parameter, and what ``TOGETHER`` names stands together; every other statistic has its own column.
    """
    given = dict.fromkeys(statistics)
    if {"mean", "sd", "ci_low", "ci_high"} <= given.keys():  # the interval of a mean stands beside it
        behind = [name for name in given if name not in ("ci_low", "ci_high")]
        behind[behind.index("sd") + 1 : behind.index("sd") + 1] = ["ci_low", "ci_high"]
        given = dict.fromkeys(behind)
    columns: dict[str, Column] = {}
    taken: set[str] = set()

    def take(first: str, column: Column) -> None:
        if not taken & set(column.parts):
            columns[first] = column
            taken.update(column.parts)

    known = {name: statistic_of(name) for name in given}
    for name, statistic in known.items():
        if name == "nnt":
            take(name, Column(statistic.label, (name,), "needed"))
        elif statistic.of == ("nnt",):
            take(name, _needed(statistic.interval, given, ci))
    for statistic in known.values():
        if statistic.role is Role.LOW and set(INTERVALS[statistic.interval]) <= given.keys():
            column = _interval(statistic.interval, list(given), ci)
            take(column.parts[0], column)
    sets = [*TOGETHER]
    for role, words in ((Role.SD, "SD"), (Role.STANDARD_ERROR, "SE")):
        beside = [(of, s.name) for s in known.values() if s.role is role for of in s.of]
        sets += [(f"{label_of(name)} ({words})", (name, spread), "bracket") for name, spread in beside]
    for title, parts, form in sets:
        if all(part in given for part in parts):
            take(parts[0], Column(title, parts, form))
    return [
        columns.get(name, Column(label_of(name), (name,))) for name in given if name in columns or name not in taken
    ]


def cell_of(column: Column, row: Row) -> Cell:
    """A row's cell in a column; statistics that the row does not have leave no trace."""
    have = [row[part] for part in column.parts if part in row]
    if column.form.startswith("needed"):
        return needed_cell(have)
    if len(have) < len(column.parts):
        return [[number] for number in have]
    if column.form == "interval":
        return [[have[0]], ["(", have[1], " to ", have[2], ")"]]
    if column.form == "bounds":
        return [[have[0], " to ", have[1]]]
    if column.form == "events":
        return [[have[0]], ["(", have[1], ")"], ["[", have[2], "]"]]
    if column.form == "pair":
        return [[have[0]], ["(", have[1], "; ", have[2], ")"]]
    if column.form == "bracket":
        return [[have[0]], ["(", have[1], ")"]]
    return [[have[0]]]


def needed_cell(numbers: Sequence[Estimate]) -> Cell:
    """A number needed to treat, or its interval, as Altman 1998 writes it: NNTB to benefit, NNTH to harm.

    No value is no difference, the number then infinite. Of the limits of an interval that keeps its sign both
    are given; of one through infinity its two ends, or one where the other is infinite.
    """

    if numbers and all(number.shown.startswith("xx") for number in numbers):  # of a shell: its form hangs on the value
        first, *others = numbers
        upper: list[str | Estimate] = [" to ", others[0]] if others else []
        return [[first, *upper, *(replace(number, shown="") for number in others[1:])]]

    def bare(number: Estimate) -> Estimate:
        return replace(number, shown=number.shown.removeprefix("−") if number.text else "∞")

    ends = {number.statistic[:4]: number for number in numbers if number.statistic[:4] in ("nnth", "nntb")}
    limits = sorted((n for n in numbers if n not in ends.values()), key=lambda n: abs(float(n.text or 0)))
    cell: Cell = []
    if limits:
        known = [number.value for number in limits if number.text]
        word = ("NNTH " if known[0] < 0 else "NNTB ") if known else ""
        cell.append([word, bare(limits[0]), *(piece for n in limits[1:] for piece in (" to ", bare(n)))])
    if ends:
        harm: list[str | Estimate] = ["NNTH ", bare(ends["nnth"]), " to "] if "nnth" in ends else []
        benefit: list[str | Estimate] = [" to NNTB ", bare(ends["nntb"])] if "nntb" in ends else []
        cell.append([*harm, "∞", *benefit])
    return cell
