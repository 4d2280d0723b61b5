"""Numbers that are off by ten, a hundred or a thousand: a slipped decimal point, or another unit.

A cell is reported only if, on the log scale, it lies more than ``spread`` robust standard deviations (1.4826 x
median absolute deviation) from its like, would be ordinary once divided by the factor, and stands apart: nothing
lies between it and the ordinary cells, by a factor of ``gap``. Columns that are spread over orders of magnitude or
skewed (thresholds, counts, concentrations) mostly give no finding, and then no assurance either.

How often, in 80 drawn columns each of 60 and of 500 values (other draws than those that the limits were set on, in
part of the same shapes): a column without a mistake gives a note in none of 160 (normal with a standard deviation of
10% of the mean; log-normal 0.2, 0.3 and 1; gamma 2 and 20; uniform; Weibull; left-skewed beta; negative binomial), in
4 of 160 at 25%, in 1 of 80 and 17 of 80 where the logs have the tails of Student's t with 3 degrees of freedom, and in
155 of 160 where 5% of the units are truly ten times the others. One value times ten is found in 90% to 94% of the
narrow columns, in 74% of log-normal 0.3, in 51% of those with tails of t, in hardly any of the wide ones.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, Column, RuleText, Table
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import groups_of, hits

if TYPE_CHECKING:
    import numpy
    import pandas

FEWEST = 10  # positive cells, and different values among them, that a column or stratum must have
OWN = 4  # cells of a unit from which on its own median counts
STRATA = 12  # most values of a key column that splits a table into quantities (site, marker, wavelength)
FAR_FROM_ZERO = 0.11  # largest spread (log10) at which too small a cell is told: zero is 4 standard deviations away
LEAST_SPREAD = 0.03  # log10: 7%, so that a column of equal values does not make every difference large
SAME = 1.4826  # the median absolute deviation times this is the standard deviation of normal values
NO_QUANTITY = ("", "code", "points", "count", "1")  # units of whole numbers that are codes, places in a list, or few


class Options(Closed):
    """The factors, and how clear the case must be."""

    factors: tuple[float, ...] = Field((10, 100, 1000), description="factors looked for, both up and down")
    spread: float = Field(6, description="robust standard deviations (log) that a cell must be away", gt=0)
    gap: float = Field(3, description="factor between the ordinary cells and the nearest reported one", ge=1)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Positive numbers that are off by one of the factors from the cells of the same kind, and of the same unit.

    Numbers, and whole numbers with a unit, are looked at; cells of a stratum (the values of a key column that has
    few) are compared with each other. Zero, negative and missing cells are passed over.
    """
    for table, frame in tables.frames.items():
        declared = tables.declared[table]
        stratum = groups_of(frame, _strata(frame, declared))
        unit = groups_of(frame, (UNIT,)) if UNIT in frame else stratum * 0 - 1
        for column in declared.columns:
            if _is_quantity(column, declared) and column.name in frame:
                for key, factor in _off(frame[column.name], stratum, unit, options):
                    expected = f"a number near its like; this one is off by about the factor {factor:g}"
                    yield from hits("magnitude", table, [key], column.name, expected)


def _is_quantity(column: Column, table: Table) -> bool:
    if column.name in table.key or column.allowed:
        return False
    return column.kind == "number" or (column.kind == "integer" and column.unit not in NO_QUANTITY)


def _strata(frame: "pandas.DataFrame", table: Table) -> tuple[str, ...]:
    """The key columns that split a table into quantities."""
    return tuple(
        name
        for name in table.key
        if name != UNIT and table.column(name).kind == "text" and frame[name].nunique() <= STRATA
    )


def _off(
    column: "pandas.Series", stratum: "numpy.ndarray", unit: "numpy.ndarray", options: Options
) -> Iterator[tuple[int, float]]:
    """Key and factor of each cell that is off; ``stratum``, ``unit``: the numbers of each row's groups, -1 for none."""
    import numpy
    import pandas

    numbers = column.to_numpy(dtype="float64", na_value=numpy.nan)
    held = numbers > 0
    values = pandas.Series(numpy.log10(numbers[held]), column.index[held])
    kind, own = stratum[held], unit[held]
    rest = values - values.groupby(kind).transform("median")
    if (numpy.bincount(own[own >= 0]) >= OWN).any():
        mine = rest.groupby(own)
        rest = rest - mine.transform("median").where((own >= 0) & (mine.transform("size") >= OWN), 0).fillna(0)
    spread = (SAME * rest.abs().groupby(kind).transform("median")).clip(lower=LEAST_SPREAD)
    cells = pandas.DataFrame({"stratum": kind, "value": values, "rest": rest, "spread": spread})[kind >= 0]
    # Where zero is near, small values are common: on the log scale they look far away, and are not.
    small = cells[cells["spread"] <= FAR_FROM_ZERO]
    for part, side in ((cells, cells["rest"]), (small, -small["rest"])):
        for key in _apart(part.assign(rest=side), options):
            off = side[key] - numpy.log10(options.factors)
            if abs(off).min() <= 2 * spread[key]:
                yield int(key), options.factors[abs(off).argmin()]


def _apart(cells: "pandas.DataFrame", options: Options) -> "pandas.Index":
    """The keys of the cells that lie beyond a gap on the upper side, too far out to be ordinary.

    A stratum with few different values has none. Only strata with a cell that is far out are looked at further.
    """
    import numpy

    far = cells["rest"] > options.spread * cells["spread"]
    if not far.any():
        return cells.index[:0]
    cells = cells[cells["stratum"].isin(cells.loc[far, "stratum"].unique())]
    cells = cells[cells.groupby("stratum")["value"].transform("nunique") >= FEWEST]
    cells = cells.sort_values(["stratum", "rest"])
    far = cells["rest"] > options.spread * cells["spread"]
    step = cells.groupby("stratum")["rest"].diff() >= numpy.log10(options.gap)
    return cells.index[(far & step).groupby(cells["stratum"]).cummax()]


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "magnitude",
            "note",
            "A number is off from its like by about 10, 100 or 1000.",
            "a body weight of 2400 among 228, 240 and 251",
            "look for a slipped decimal point or another unit at its source",
        ),
    ),
)
