"""How stored numbers, levels and units are read by people: the one way, in figures and in the report."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from omtrace.model.statistics import STATISTICS, Role
from omtrace.store import display

if TYPE_CHECKING:
    from omtrace.model.plan import DatasetPlan

EXCLUDED = "excluded: "  # begins the level of a count of units left out of a flow
EXACT = ("lloq", "uloq")  # concentrations of standards, shown with the digits that these have
OUTSIDE = re.compile(r"not in population \w+( \(unknown\))?(?:: (.+))?")
CHECKS = {  # rules that a reader of a paper would not know by their names
    "range": "value outside its bounds",
    "type": "value not readable",
    "duplicate_row": "row entered twice",
    "duplicate_conflict": "rows that contradict each other",
    "reference": "row of an unknown unit",
}
TWICE = re.compile(r"(?i)\b([a-z]{3,}) (?=\1\b)")  # a word before a label that begins with it: batch Batch 1
# In a level: what the plan has a label for, by its name.
NAMED = re.compile(r"\{(group|parameter|population|visit):([^{}]*)\}")


def shown(value: str, decimals: int, statistic: str) -> str:
    """A stored number rounded once (``store.display``), or the word that it stands for.

    A p value below the last decimal is shown as less than it; limits of an assay have the digits of their standards.
    """
    known = STATISTICS.get(statistic)  # a raw value that is shown as it is, is none
    if known and known.codes and value:
        return known.codes[int(float(value))]
    if known and known.blank and not value:
        return known.blank
    if known and known.role is Role.REFUSAL:
        return "not computed"
    if known and known.role is Role.P_VALUE and value and 0 <= float(value) < 10**-decimals:
        return f"<{display('1' if decimals == 0 else '0.' + '0' * (decimals - 1) + '1', decimals)}"
    if statistic in EXACT and value:
        decimals = max(0, -int(Decimal(value).normalize().as_tuple().exponent))
    return display(value, decimals)


def reason_shown(reason: str) -> str:
    """Why a unit is left out, as a reader of a paper needs it: the names of checks and populations in words.

    Who is not in the analysed population is left out for the clauses that fail, where the plan words them.
    """
    if outside := OUTSIDE.fullmatch(reason):
        clause = outside[2] or "not in the analysed population"
        return f"not known: {clause}" if outside[1] else clause
    kind, _, check = reason.partition(": ")
    if kind != "quarantined":
        return reason
    return CHECKS.get(check) or f"value refused by a check ({check.replace('_', ' ')})"


def percent_shown(value: str, decimals: int) -> str:
    """A stored share of 1 in percent, rounded once, without the sign of percent."""
    return display(f"{Decimal(value).scaleb(2):f}" if value else value, max(decimals - 2, 0))


def named(kind: Literal["group", "parameter", "population", "visit"], name: str) -> str:
    """What stands in a level for something that has a label in the plan: a new label changes no stored number."""
    return f"{{{kind}:{name}}}"


def population_in(level: str) -> str:
    """The population that a level begins with, by name."""
    return NAMED.sub(r"\2", level.partition(": ")[0])


def level_shown(level: str, dataset: "DatasetPlan") -> str:
    """A level as text, with the labels of its dataset.

    Names are without underscores; differences, products and negative numbers have their own signs. What holds a slash
    is left as it is: the name of a well, which is looked up.
    """
    labels = category_labels(dataset)
    if level.startswith(EXCLUDED):
        level = EXCLUDED + reason_shown(level.removeprefix(EXCLUDED))

    def spelled(match: re.Match[str]) -> str:
        return _label_of(dataset, match[1], match[2]) if match[1] else labels.get(match[0], match[0])

    return TWICE.sub("", _spelled(re.sub(rf"{NAMED.pattern}|\w+", spelled, level) if labels or "{" in level else level))


def category_labels(dataset: "DatasetPlan") -> dict[str, str]:
    """Category -> label, of all parameters of a data set that label their categories."""
    return {code: label for parameter in dataset.parameters.values() for code, label in parameter.labels.items()}


def _label_of(dataset: "DatasetPlan", kind: str, name: str) -> str:
    """The label of a group, parameter, population or visit; the name of one that there is not."""
    if kind in ("group", "visit"):
        return (dataset.groups if kind == "group" else dataset.visits).get(name, name)
    labelled = (dataset.parameters if kind == "parameter" else dataset.populations).get(name)
    return labelled.label if labelled else name  # type: ignore[attr-defined]


@lru_cache(maxsize=4096)
def _spelled(level: str) -> str:
    words = " ".join(word if "/" in word else word.replace("_", " ") for word in level.split(" "))
    return re.sub(
        r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}", words.replace(" - ", " \N{MINUS SIGN} ").replace(" x ", " × ")
    )


def plural(unit: str) -> str:
    """Several of a unit of analysis."""
    parts = unit.split(" and ")
    return " and ".join(
        "mice" if part == "mouse" else f"{part}es" if part.endswith(("s", "x", "ch", "sh")) else f"{part}s"
        for part in parts
    )
