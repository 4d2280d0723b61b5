"""Analyses: each binds a plan entry, a dataset and a statistic, and says which records a number rests on.

Each module declares ``METHOD``; the plan names it by module name. A method yields ``Number``s; only
``analyses.run`` writes them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from omtrace.faults import Fault, nearest

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses.selection import Data
    from omtrace.model.closed import Closed
    from omtrace.model.plan import Analysis, DatasetPlan
    from omtrace.provenance.rows import Rows

JOINT = " & "  # between the names of parameters that a number is about together


class Number(NamedTuple):
    """One number: what names it, its value, and its rows."""

    parameter: str
    group: str
    visit: str
    level: str
    statistic: str
    value: float
    unit: str
    decimals: int
    rows: "Rows"
    population: str = ""  # where it is not the analysis's own


@dataclass(frozen=True)
class Call:
    """What a method gets: its plan entry, checked options, the dataset's plan, and the data.

    ``calls``: the calls of the analyses that it rests on, and ``earlier`` their numbers, each by name.
    ``study`` and ``name`` name the stream of chance of an analysis that draws.
    """

    name: str
    entry: "Analysis"
    options: Any
    dataset: "DatasetPlan"
    data: "Data"
    calls: "Mapping[str, Call]" = field(default_factory=dict)
    earlier: "Mapping[str, Sequence[Number]]" = field(default_factory=dict)
    study: str = ""

    def generator(self, seed: int) -> "numpy.random.Generator":
        """A stream of chance of this analysis alone: it depends on the seed and its names, not on what ran before."""
        import hashlib

        import numpy

        words = hashlib.sha256(f"{self.study}/{self.name}".encode()).digest()
        key = [int.from_bytes(words[i : i + 4], "big") for i in range(0, 16, 4)]
        return numpy.random.Generator(numpy.random.PCG64(numpy.random.SeedSequence(seed, spawn_key=key)))

    def targets(self, holds: Literal["anything", "numbers", "yes or no"] = "numbers") -> Iterator[tuple[str, str]]:
        """Each parameter with each visit analysed ("" for a parameter without visits).

        Raises Fault for a parameter that does not hold what the method asks for.
        """
        for parameter in self.entry.parameters:
            scheduled = self.dataset.parameters[parameter].visits
            for visit in [v for v in (self.entry.visits or scheduled) if v in scheduled] or [""]:
                if holds != "anything":
                    self.need(parameter, visit, holds)
                yield parameter, visit

    def need(self, parameter: str, visit: str = "", holds: str = "numbers") -> None:
        """Raise Fault if a parameter holds categories, or, where yes or no is asked for, other numbers than 1 and 0."""
        column = self.data.column(parameter, visit)
        if column.is_category.any():
            raise Fault(f"analysis {self.name}: {parameter!r} holds categories; {self.entry.method} needs {holds}")
        if holds == "yes or no" and not ((column.numbers == 0) | (column.numbers == 1)).all():
            raise Fault(f"analysis {self.name}: {parameter!r} holds other numbers than 1 (yes) and 0 (no)")

    def baseline(self) -> str:
        """The dataset's baseline visit. Raises Fault if it has none."""
        if not self.dataset.baseline:
            raise Fault(f"analysis {self.name}: dataset {self.entry.dataset} has no baseline")
        return self.dataset.baseline

    def contrast(self, group: str, reference: str) -> str:
        """The name of a contrast. Raises Fault for groups that the dataset does not have."""
        for name in (group, reference):
            if not self.dataset.group or name not in self.dataset.groups:
                hint = nearest(name, self.dataset.groups)
                raise Fault(f"analysis {self.name}: dataset {self.entry.dataset} has no group {name!r}{hint}")
        return f"{group} - {reference}"

    def groups(self, by_group: bool) -> list[str]:
        """The groups that results are given for: each group and all together, or all alone."""
        return [*self.dataset.groups, "all"] if by_group and self.dataset.group else ["all"]

    def numbers(self, parameter: str, group: str, visit: str, values: "Mapping[str, float]", rows: "Rows",
                level: str = "", scale: tuple[str, int] | None = None) -> "Iterator[Number]":  # fmt: skip
        """One Number for each named statistic, with the unit and decimals that fit it.

        ``scale``: unit and decimals of what was analysed, where they are not the parameter's own; needed of several
        parameters together, whose names are joined by ``JOINT``.
        """
        if scale is None:
            scale = self.dataset.parameters[parameter].unit, self.dataset.parameters[parameter].decimals
        for statistic, value in values.items():
            unit, decimals = _shape(statistic, *scale)
            if (statistic.startswith("df") or statistic.endswith("_df")) and float(f"{value:.10g}").is_integer():
                decimals = 0  # whole as it is stored
            yield Number(parameter, group, visit, level, statistic, float(value), unit, decimals, rows)


# Statistics that are not in the unit of their parameter: unit and decimals (None: the parameter's + 1).
UNITLESS = {
    "n": ("", 0), "shared": ("", 0), "n_a": ("", 0), "n_b": ("", 0), "missing": ("", 0), "count": ("", 0),
    "count_a": ("", 0), "count_b": ("", 0),
    "df": ("", 1), "df_1": ("", 0), "df_2": ("", 1), "t": ("", 2), "f": ("", 2), "p": ("", 3),
    "percent": ("%", 1), "r_squared": ("", 3), "mann_whitney_u": ("", 1), "signed_rank_v": ("", 1),
    "n_nonzero": ("", 0), "chi_squared": ("", 2), "jonckheere_j": ("", 1), "rank_difference": ("", 1), "z": ("", 2),
    "rank_difference_se": ("", 2), "t_squared": ("", 2), "changes": ("", 0), "conclusion_depends": ("", 0),
    "thresholds": ("", 0), "intervals_above_0": ("", 0), "intervals_below_0": ("", 0), "gg_epsilon": ("", 3),
    "hf_epsilon": ("", 3), "items": ("", 0),
    "n_below": ("", 0), "n_above": ("", 0), "n_below_a": ("", 0), "n_below_b": ("", 0),
    "fitted": ("", 0), "covariance_parameters": ("", 0), "minus_2_log_likelihood": ("", 2),
    "rejected": ("", 0), "verdict": ("", 0), "interval_excludes": ("", 0), "estimates": ("", 0),
    "ratio": ("", 2), "rate_ratio": ("", 2), "odds_ratio": ("", 2), "se_log": ("", 3),
    "clusters": ("", 0), "few_clusters": ("", 0), "events": ("", 0), "dispersion": ("", 2), "dispersion_se": ("", 2),
    "units_per_group": ("", 0), "enrolled_per_group": ("", 0), "enrolled_in_all": ("", 0), "correlation": ("", 2),
    "correlation_lower": ("", 2),
    "mcse": ("", 3), "replicates": ("", 0), "refused": ("", 0),
    "pearson_per_df": ("", 2), "standardised_difference": ("", 2), "threshold": ("", 2), "threshold_se": ("", 2),
    "at_low_end": ("", 0), "at_high_end": ("", 0), "per_group": ("", 0), "units_in_all": ("", 0), "power": ("", 3),
    "grubbs_g": ("", 2),
    "naive_p": ("", 3), "groups": ("", 0), "values": ("", 0), "share": ("%", 1), "in_model": ("", 0),
    "observed": ("", 0), "imputed": ("", 0), "imputed_after_drop_out": ("", 0), "fmi": ("", 3),
    "imputations": ("", 0), "samples_refused": ("", 0), "tips": ("", 0), "complete": ("", 0), "dropped_out": ("", 0),
    "intermittent": ("", 0), "none_observed": ("", 0), "aic": ("", 2),
    "parameters": ("", 0), "plates": ("", 0),
}  # fmt: skip

# Statistics that end so have no unit: decimals.
ENDINGS = {"_p": 3, "_t": 2, "_f": 2, "_df": 1}

# Statistics that begin so are shares of 1.
SHARES = ("proportion", "wilson", "clopper", "newcombe", "wald", "miettinen", "mee_", "risk", "partial_eta",
          "relative_effect", "completion", "floor", "ceiling")  # fmt: skip


def _shape(statistic: str, unit: str, decimals: int) -> tuple[str, int]:
    if statistic in UNITLESS:
        return UNITLESS[statistic]
    if end := next((end for end in ENDINGS if statistic.endswith(end)), ""):
        return "", ENDINGS[end]
    if statistic.startswith("nnt"):
        return "", 1
    if statistic.startswith(("d_z", "d_av", "cohens_d", "hedges_g", "odds_ratio", "risk_ratio", "alpha", "icc")):
        return "", 2
    if statistic.startswith(SHARES):
        return "", 3
    if statistic.endswith("_exact"):
        return "", 0
    if statistic.startswith("ratio"):
        return "", 2
    if statistic == "variance":
        return f"({unit})\u00b2" if " " in unit else unit and f"{unit}\u00b2", decimals + 2
    if statistic.startswith(("mean", "median", "hodges", "difference", "estimate", "adjusted", "ci_", "q1", "q3",
                             "geometric", "interaction", "sem_", "smallest")):  # fmt: skip
        return unit, max(decimals, 1)
    if statistic.startswith(("sd", "se")):
        return unit, decimals + 1
    return unit, decimals


@dataclass(frozen=True)
class Method:
    """A method: the model of its options, the function that runs it, and a sentence for the report.

    ``rests_on``: the other analyses whose calls and numbers it needs, from its plan entry and options.
    ``units``: whether it takes units for independent of each other, as every comparison does that names no random
    effect, or only counts and describes them, whatever they are.
    """

    options: "type[Closed]"
    run: Callable[[Call], Iterator[Number]]
    words: str
    rests_on: "Callable[[Analysis, Any], Sequence[str]]" = lambda entry, options: ()
    units: Literal["independent", "any"] = "independent"
