"""How stored numbers, levels and units are read by people: the one way, in figures and in the report."""

import re
from functools import lru_cache

from omtrace.model.statistics import STATISTICS, Role
from omtrace.store import display


def shown(value: str, decimals: int, statistic: str) -> str:
    """A stored number rounded once (``store.display``), or the word that it stands for.

    A p value below the last decimal is shown as less than it.
    """
    known = STATISTICS.get(statistic)  # a raw value that is shown as it is, is none
    if known and known.codes and value:
        return known.codes[int(float(value))]
    if known and known.role is Role.REFUSAL:
        return "not computed"
    if known and known.role is Role.P_VALUE and value and 0 <= float(value) < 10**-decimals:
        return f"<{display('1' if decimals == 0 else '0.' + '0' * (decimals - 1) + '1', decimals)}"
    return display(value, decimals)


@lru_cache(maxsize=4096)
def level_shown(level: str) -> str:
    """A level as text: names without underscores, differences, products and negative numbers with their own signs.

    What holds a slash is left as it is: the name of a well, which is looked up.
    """
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
