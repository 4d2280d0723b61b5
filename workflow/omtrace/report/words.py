"""Words and forms of numbers: labels of statistics, and which of them stand together in one column."""

from collections.abc import Sequence
from dataclasses import dataclass

from omtrace.report.labels import LABELS

# What an interval that names no estimate (ci_low, ci_high) belongs to: the first of these in the same row.
MAIN = (
    "difference",
    "mean_change",
    "adjusted_mean",
    "geometric_mean",
    "interaction",
    "ratio",
    "rate_ratio",
    "odds_ratio",
    "risk_ratio",
    "rate",
    "estimate",
    "mean",
    "proportion",
    "hodges_lehmann",
    "median",
    "alpha",
    "icc_agreement",
)
ENDS = (("low", "lower limit"), ("high", "upper limit"))
SIDES = {"a": ", group", "b": ", reference"}  # of a contrast group - reference
CURVE = ("a", "b", "c", "d")  # parameters of a curve, in lower case

Row = dict[str, dict]  # statistic -> number
Cell = list[list[str | dict]]  # groups of texts and numbers; a line may end between groups only

# Statistics that share a column: its title, the statistics, and how they are set (see ``Column``).
TOGETHER = (
    ("Median (quartiles)", ("median", "q1", "q3"), "interval"),
    ("Range", ("minimum", "maximum"), "bounds"),
    ("Range of estimates", ("estimate_lowest", "estimate_highest"), "bounds"),
    ("Count (%)", ("count", "percent"), "bracket"),
    ("Standardised difference (p)", ("standardised_difference", "p"), "bracket"),
    ("t (df)", ("t", "df"), "bracket"),
    ("F (df)", ("f", "df_1", "df_2"), "pair"),
    ("GG ε (p)", ("gg_epsilon", "gg_p"), "bracket"),
    ("HF ε (p)", ("hf_epsilon", "hf_p"), "bracket"),
    ("χ² (df)", ("chi_squared", "df"), "bracket"),
    ("Signed rank V (p)", ("signed_rank_v", "signed_rank_p"), "bracket"),
    ("Mann–Whitney U (p)", ("mann_whitney_u", "mann_whitney_p"), "bracket"),
    ("Brunner–Munzel t (df)", ("relative_effect_t", "relative_effect_df"), "bracket"),
    ("Count, group (share)", ("count_a", "proportion_a"), "bracket"),
    ("Count, reference (share)", ("count_b", "proportion_b"), "bracket"),
    ("Excludes 0", ("excludes_from", "excludes_to"), "bounds"),
    ("Range of differences", ("difference_lowest", "difference_highest"), "bounds"),
    ("n, group (count)", ("n_a", "count_a"), "bracket"),
    ("n, reference (count)", ("n_b", "count_b"), "bracket"),
)

# Statistics that begin so have a table of their own, below that of the rest of their row.
APART = (
    ("signed_rank", "n_nonzero", "hodges_lehmann", "mann_whitney", "relative_effect", "method_exact"),
    ("d_z", "d_av", "cohens_d", "hedges_g"),
    ("risk_ratio", "odds_ratio", "fisher"),
    ("nnt",),
    ("variance", "share", "groups", "in_model"),
)


@dataclass(frozen=True)
class Column:
    """One column of a results table: ``parts`` are statistics, ``form`` says how they are set.

    Forms: ``plain`` (a), ``interval`` (a, low to high in brackets), ``bounds`` (low to high),
    ``bracket`` (a, b in brackets), ``pair`` (a, b and c in brackets),
    ``needed`` (a number needed to treat), ``needed bounds`` (its interval).
    """

    title: str
    parts: tuple[str, ...]
    form: str = "plain"


def label_of(statistic: str) -> str:
    """A statistic in words; limits of an interval say so; unknown names are set as they are."""
    if statistic in LABELS:
        return LABELS[statistic]
    for end, words in ENDS:
        if statistic.endswith(f"_{end}"):
            stem = statistic[: -len(end) - 1]
            base = stem.removesuffix("_ci")
            return f"{words[0].upper()}{words[1:]} of CI" if stem == "ci" else f"{label_of(base)}, {words}"
    head, _, last = statistic.rpartition("_")
    if head and last in SIDES:
        return label_of(head) + SIDES[last]
    if head and last == "se":
        return f"SE of {label_of(head)}"
    text = statistic.replace("_", " ")
    return text if text in CURVE else text[:1].upper() + text[1:]


def main_of(statistics: Sequence[str]) -> str:
    """The estimate that ``ci_low`` and ``ci_high`` belong to; "" without such an interval."""
    if "ci_low" not in statistics or "ci_high" not in statistics:
        return ""
    return next((name for name in MAIN if name in statistics), "ci")


def _interval(stem: str, statistics: Sequence[str], ci: str) -> tuple[str, Column]:
    """The column of the limits ``<stem>_low`` and ``<stem>_high``, and the statistic that it stands for."""
    limits = (f"{stem}_low", f"{stem}_high")
    base = main_of(statistics) if stem == "ci" else stem.removesuffix("_ci")
    ci = "CI" if base == "partial_eta_squared" else ci  # its level is another one
    if base in statistics:
        return base, Column(f"{label_of(base)} ({ci})", (base, *limits), "interval")
    title = ci if base == "ci" else f"{label_of(base)} {ci}"
    return limits[0], Column(title, limits, "bounds")


def apart_of(statistic: str) -> int:
    """Which of the tables of its row a statistic belongs to: 0 for the first."""
    return next((at for at, heads in enumerate(APART, 1) if statistic.startswith(heads)), 0)


def _needed(stem: str, given: Sequence[str], ci: str) -> Column:
    """The column of the interval of a number needed to treat: limits, or the ends of one through infinity."""
    parts = (f"nnt_{stem}_low", f"nnt_{stem}_high", f"nnth_{stem}", f"nntb_{stem}")
    title = f"{label_of(f'nnt_{stem}')} {ci}"
    return Column(title, tuple(part for part in parts if part in given), "needed bounds")


def columns_of(statistics: Sequence[str], ci: str = "CI") -> list[Column]:
    """The columns of a table whose rows hold these statistics, in their order; ``ci`` names an interval.

    Limits stand beside their estimate, an SD beside its mean (unless that has an interval), an SE beside its
    parameter, and what ``TOGETHER`` names stands together; every other statistic has its own column.
    """
    given = dict.fromkeys(statistics)
    columns: dict[str, Column] = {}
    taken: set[str] = set()

    def take(first: str, column: Column) -> None:
        if not taken & set(column.parts):
            columns[first] = column
            taken.update(column.parts)

    for name in given:
        if name == "nnt":
            take(name, Column(label_of(name), (name,), "needed"))
        elif name[:4] in ("nnt_", "nnth", "nntb"):
            stem = name.partition("_")[2].removesuffix("_low").removesuffix("_high")
            take(name, _needed(stem, list(given), ci))
    for name in given:
        stem = name.removesuffix("_low")
        if stem != name and f"{stem}_high" in given:
            take(*_interval(stem, list(given), ci))
    sets = [*TOGETHER]
    sets += [(f"{label_of(m)} (SD)", (m, "sd" + m[4:]), "bracket") for m in given if m == "mean" or m[:5] == "mean_"]
    sets += [(f"{label_of(name)} (SE)", (name, f"{name}_se"), "bracket") for name in given]
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
    if column.form == "pair":
        return [[have[0]], ["(", have[1], "; ", have[2], ")"]]
    if column.form == "bracket":
        return [[have[0]], ["(", have[1], ")"]]
    return [[have[0]]]


def needed_cell(numbers: Sequence[dict]) -> Cell:
    """A number needed to treat, or its interval, as Altman 1998 writes it: NNTB to benefit, NNTH to harm.

    No value is no difference, the number then infinite. Of the limits of an interval that keeps its sign both
    are given; of one through infinity its two ends, or one where the other is infinite.
    """

    def bare(number: dict) -> dict:
        return {**number, "shown": number["shown"].removeprefix("−") if number["value"] else "∞"}

    ends = {str(number["statistic"])[:4]: number for number in numbers if number["statistic"][:4] in ("nnth", "nntb")}
    limits = sorted((n for n in numbers if n not in ends.values()), key=lambda n: abs(float(n["value"] or 0)))
    cell: Cell = []
    if limits:
        known = [float(number["value"]) for number in limits if number["value"]]
        word = ("NNTH " if known[0] < 0 else "NNTB ") if known else ""
        cell.append([word, bare(limits[0]), *(piece for n in limits[1:] for piece in (" to ", bare(n)))])
    if ends:
        harm: list[str | dict] = ["NNTH ", bare(ends["nnth"]), " to "] if "nnth" in ends else []
        benefit: list[str | dict] = [" to NNTB ", bare(ends["nntb"])] if "nntb" in ends else []
        cell.append([*harm, "∞", *benefit])
    return cell
