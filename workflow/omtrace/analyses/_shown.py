"""How a stored number is read by people: the one way, in figures and in the report."""

from omtrace.store import display

# Statistics whose numbers stand for words.
CODED = {
    "in_model": ("no, at zero", "yes"),
    "rejected": ("no", "yes"),
    "concordant": ("no", "yes"),
    "tips": ("no", "yes"),
    "method_exact": ("no", "yes"),
    "permutation_exact": ("no", "yes"),
    "jonckheere_exact": ("no", "yes"),
    "plate_verdict": ("rejected", "accepted with flags", "accepted"),
    "conclusion_depends": ("no", "yes"),
    "verdict": ("stop", "amend", "go"),
    "interval_excludes": ("nothing", "stop", "go", "stop and go"),
}


def shown(value: str, decimals: int, statistic: str) -> str:
    """A stored number rounded once (``store.display``), or the word that it stands for.

    A p value below the last decimal is shown as less than it.
    """
    if statistic in CODED and value:
        return CODED[statistic][int(float(value))]
    if (statistic == "p" or statistic.endswith("_p")) and value and 0 <= float(value) < 10**-decimals:
        return f"<{display('1' if decimals == 0 else '0.' + '0' * (decimals - 1) + '1', decimals)}"
    return display(value, decimals)
