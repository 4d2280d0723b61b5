"""Three groups and more compared: overall tests, a trend, and pairs with simultaneous intervals."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import listed
from omtrace.analyses._shown import named
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy

Procedure = Literal["dunnett", "tukey", "games_howell", "dunn"]
NAMES = {"dunnett": "Dunnett", "tukey": "Tukey-Kramer", "games_howell": "Games-Howell", "dunn": "Dunn, on ranks"}
LOG = ", log scale"
ELSEWHERE = "other group"  # the reason of a unit whose group is not compared


PAIRS = {
    "dunnett": "Dunnett, each group against the first with the SD pooled over the groups",
    "tukey": "Tukey-Kramer with the SD pooled over the groups",
    "games_howell": "Games-Howell with each group's own SD",
    "dunn": "Dunn on ranks with Holm's adjustment",
}


class Options(Closed):
    """Which groups, and which comparisons."""

    groups: tuple[str, ...] = Field(
        (), description="groups compared, the control first; none: all, as the plan has them"
    )
    procedures: tuple[Procedure, ...] = Field(
        ("dunnett",),
        description="dunnett: each against the first group; tukey (pooled SD), games_howell (own SDs) and dunn (on "
        "ranks, Holm): every pair",
    )
    trend: tuple[str, ...] = Field((), description="groups in the order of a trend to be tested; none: no such test")
    log: bool = Field(False, description="analyse the natural logarithm (values must be positive)")
    level: float = Field(0.95, description="confidence level, of all intervals of a procedure together", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Means of the groups, overall tests, the trend, and the pairs of each procedure."""
    import numpy

    o = call.options
    names = list(o.groups or call.dataset.groups)
    for name in (*names, *o.trend):
        call.contrast(name, name)
    if len(names) < 2 or len(set(names)) < len(names) or not set(o.trend) <= set(names):
        raise Fault(f"analysis {call.name}: at least two groups, each once, and a trend over these only")
    for target in call.targets():
        analysis_set = call.data.select(call.entry.population, target.parameter, target.visit, group=True)
        values = {name: analysis_set.of_group(name)["value"].astype("float64").to_numpy() for name in names}
        if o.log:
            if min((x.min() for x in values.values() if x.size), default=1.0) <= 0:
                raise Refusal(f"analysis {call.name}, {target.parameter}: a logarithm needs positive values")
            values = {name: numpy.log(x) for name, x in values.items()}
        inside = {unit for name in names for unit in analysis_set.of_group(name).index}
        rows = analysis_set.rows(without={unit: ELSEWHERE for unit in analysis_set.frame.index if unit not in inside})
        declared = call.dataset.parameters[target.parameter]
        scale = Scale(
            f"log {declared.unit}".strip() if o.log else declared.unit,
            max(2, declared.decimals) if o.log else declared.decimals,
        )
        for name, x in values.items():
            yield from target.numbers(name, _size(x), analysis_set.rows([name]), scale=scale)
        if empty := [name for name, x in values.items() if not x.size]:
            raise Refusal(f"{target.where}: no value of {', '.join(empty)}; leave it out of the groups")
        found: list[tuple[str | Contrast, str, dict[str, float]]]
        try:
            found = [*_overall(call, values), *_pairs(call, values)]
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {target.parameter} {target.visit}".strip() + f": {error}") from None
        for group, label, numbers in found:
            yield from target.numbers(group, numbers, rows, label, scale)


def _size(x: "numpy.ndarray") -> dict[str, float]:
    from omtrace.statistics.basic.samples import mean, standard_deviation

    return {"n": float(x.size), "mean": mean(x), "sd": standard_deviation(x)}


def _overall(call: Call, values: "dict[str, numpy.ndarray]") -> Iterator[tuple[str, str, dict[str, float]]]:
    """Tests of all groups together: group, label, numbers."""
    from omtrace.statistics.basic.many_groups import jonckheere_terpstra, kruskal_wallis, one_way, welch_one_way

    groups, o = list(values.values()), call.options
    yield "all", "analysis of variance" + LOG * o.log, one_way(groups, o.level)
    yield "all", "Welch's analysis of variance" + LOG * o.log, welch_one_way(groups)
    yield "all", "Kruskal-Wallis test", kruskal_wallis(groups)
    if o.trend:
        numbers = jonckheere_terpstra([values[name] for name in o.trend])
        order = " < ".join(named("group", name) for name in o.trend)
        yield "all", f"Jonckheere-Terpstra test of the trend {order}", numbers


def _pairs(call: Call, values: "dict[str, numpy.ndarray]") -> Iterator[tuple[Contrast, str, dict[str, float]]]:
    """The pairs of each procedure: contrast, label, numbers."""
    from omtrace.statistics.basic.many_groups import dunn, dunnett, games_howell, tukey_kramer

    names, groups, level = list(values), list(values.values()), call.options.level
    for procedure in call.options.procedures:
        if procedure == "dunn":
            pairs = dunn(groups)
        else:
            function = {"dunnett": dunnett, "tukey": tukey_kramer, "games_howell": games_howell}[procedure]
            pairs = function(groups, level)
        for (high, low), numbers in pairs.items():
            label = NAMES[procedure] + LOG * (call.options.log and procedure != "dunn")
            yield call.contrast(names[high], names[low]), label, numbers


def said(options: Options) -> str:
    """The tests of all groups, the trend, and the pairs."""
    scale = " of the logarithms" if options.log else ""
    trend = (
        " The Jonckheere-Terpstra test is of a trend over the groups as ordered (exact without ties, else normal with "
        "the variance corrected for them)."
        if options.trend
        else ""
    )
    return (
        f"One-way analysis of variance{scale} (eta squared with a noncentral-F interval), Welch's for unequal "
        f"variances, Kruskal-Wallis corrected for ties.{trend} Simultaneous intervals and adjusted p values of pairs "
        f"by {listed([PAIRS[name] for name in options.procedures])}."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="difference mean ci_low ci_high partial_eta_squared partial_eta_squared_low partial_eta_squared_high sd "
    "rank_difference_se se chi_squared f jonckheere_j rank_difference t z df df_1 df_2 p adjusted_p n "
    "jonckheere_exact",
)
