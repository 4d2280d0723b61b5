"""The area under a curve over time, by the linear trapezoidal rule: over visits, or over the rows of a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from omtrace.derivations import Cell, Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy

    Curve = tuple[str, numpy.ndarray, numpy.ndarray, list[int]]  # unit, times, values, rows of the cells


class Options(Closed):
    """Of what, over which time."""

    of: str = Field("", description="parameter of the same dataset, declared before, whose visits are the times")
    times: dict[str, float] = Field(default_factory=dict, description="of: visit -> its time, such as month_3: 3")
    table: str = Field("", description="instead of `of`: validated table with a row a time")
    column: str = Field("", description="table: its column with the values")
    time: str = Field("", description="table: its column with the times")
    where: dict[str, str] = Field(
        default_factory=dict, description="table: only rows in which columns have these values"
    )
    missing: Literal["none", "between"] = Field(
        "none",
        description="where a value is missing: none: no area; between: values on both sides are joined by a straight "
        "line, and an end that is missing gives no area",
    )
    above: Literal["zero", "first"] = Field(
        "zero", description="zero: the whole area; first: above the first value, below it negative"
    )
    per_time: bool = Field(False, description="divided by the length of time: a mean in the unit of the values")

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """A parameter with times, or a table with its columns."""
        if bool(self.of) == bool(self.table):
            raise ValueError("of: a parameter, or else table; one of them and not both")
        if self.of and len(set(self.times.values())) < max(2, len(self.times)):
            raise ValueError("times: at least two visits, each with a time of its own")
        if self.table and not (self.column and self.time):
            raise ValueError("table: column and time are needed with it")
        return self


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The area of each unit, a fact without visits; its unit is that of the values times that of the times."""
    import numpy
    from scipy.integrate import trapezoid

    if parameter.visits:
        raise Fault(f"parameter {name}: visits: an area over the visits has none itself; take them out")
    courses = (_visits if options.of else _rows)(context, name, options)
    derived = courses.found
    units, values, status, of, at = [], [], [], [], []  # type: ignore[var-annotated]
    for place, (unit, times, held, rows) in enumerate(courses.curves):
        order = numpy.argsort(times, kind="stable")
        times, held = times[order], held[order]
        there = ~numpy.isnan(held)
        refusal = _refusal(times, there, options.missing)
        length = times[-1] - times[0] if len(times) else 0.0
        area = numpy.nan
        if not refusal:
            base = held[there][0] if options.above == "first" else 0.0
            area = float(trapezoid(held[there] - base, times[there])) / (length if options.per_time else 1.0)
        units.append(unit)
        values.append(area)
        status.append(refusal or "observed")
        of += rows
        at += [place] * len(rows)
    cells = derived.cells.behind(of, at) if len(of) else Cells.joined([])
    return Found.of_columns(
        numpy.array(units, dtype=object), "", numpy.array(values), None, status, cells, derived.tables
    )


def _refusal(times: "numpy.ndarray", there: "numpy.ndarray", missing: str) -> str:
    """Why there is no area; "" where there is one."""
    lost = int((~there).sum())
    if len(times) < 2 or there.sum() < 2:
        return f"incomplete: {int(there.sum())} of at least 2 values"
    if len({*times.tolist()}) < len(times):
        return "incomplete: two values at one time"
    if lost and missing == "none":
        return f"incomplete: {lost} of {len(times)} values missing"
    return "" if there[0] and there[-1] else "incomplete: no value at the first or the last time"


@dataclass(frozen=True)
class Courses:
    """What was found, and the values of each unit at their times."""

    found: Found
    curves: "Iterator[Curve]"


def _visits(context: Context, name: str, options: Options) -> Courses:
    """The values of a parameter at its visits, by unit."""
    earlier = context.earlier(name, options.of, options.times)

    def curves() -> "Iterator[Curve]":
        mine = earlier.records[earlier.records["visit"].isin([*options.times])]
        held = mine["value"].where(mine["status"] == "observed")
        for unit, rows in mine.groupby("unit", sort=False):
            times = rows["visit"].map(options.times).to_numpy("float64")
            yield str(unit), times, held[rows.index].to_numpy("float64"), list(rows.index)

    return Courses(earlier, curves())


def _rows(context: Context, name: str, options: Options) -> Courses:
    """The values of a table at its times, by unit; a row without a time is a value that is missing."""
    tables = context.tables
    rows = tables.frame(options.table, options.where).reset_index(drop=True)
    tables.need(options.table, options.column, options.time)
    kinds = [rows[column].dtype.kind for column in (options.column, options.time)]
    if wrong := [c for c, kind in zip((options.column, options.time), kinds, strict=True) if kind not in "iuf"]:
        raise Fault(f"parameter {name}: column {wrong[0]!r} holds no numbers{nearest(wrong[0], rows.columns)}")
    raw = [(tables.raw(options.table, options.column), "value"), (tables.raw(options.table, options.time), "time")]
    cells: list[Cell] = [
        (str(at), "", key, column, role) for column, role in raw for at, key in enumerate(rows["key"].tolist())
    ]
    places = [(str(at), "", 0.0, None, "observed") for at in range(len(rows))]
    records = Found.of(places, cells, (options.table,))

    def curves() -> "Iterator[Curve]":
        for unit, mine in rows.groupby(UNIT, sort=True):
            times, held = (mine[c].to_numpy("float64") for c in (options.time, options.column))
            timed = times == times
            yield str(unit), times[timed], held[timed], list(mine.index[timed])

    return Courses(records, curves())


DERIVATION = Derivation(Options, derive)
