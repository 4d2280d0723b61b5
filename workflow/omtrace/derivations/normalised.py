"""A value in relation to a control: per cent of the control group's mean of the plate, or the difference from it.

The relative quantity of a PCR by the comparative method (Livak and Schmittgen 2001, doi:10.1006/meth.2001.1262) is
said with it: dCt is a calculated difference of two Ct, ddCt its ``difference`` from the control, and the quantity is
``2 ** -ddct``.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells

if TYPE_CHECKING:
    import numpy
    import pandas


class Options(Closed):
    """Of what, in relation to which units."""

    of: str = Field(description="parameter of the same dataset, declared before")
    control: str = Field(description="group whose units are the control")
    group: str = Field("", description="parameter without visits that holds the group; none: that of the dataset")
    within: str = Field(
        "", description="parameter without visits, such as the plate or the batch, whose own control counts; none: all"
    )
    centre: Literal["mean", "geometric_mean", "median"] = Field("mean", description="of the control's values")
    give: Literal["percent", "ratio", "difference"] = Field(
        "percent", description="percent and ratio: of the control's centre; difference: the value minus it"
    )
    at_least: int = Field(1, description="control units with a value that a visit (and plate) needs", ge=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The value of each unit and visit in relation to the control at that visit, in its plate or batch.

    Control units without a value are left out of the centre; with fewer than ``at_least`` of them, and where a ratio
    has no meaning (a centre that is not above 0), there is no value. All values of the control stand behind each
    record.
    """
    import numpy

    earlier = context.earlier(name, options.of, parameter.visits)
    groups = _texts(context, name, options.group or context.dataset.group, "group")
    if options.control not in {*groups.dropna()}:
        raise Fault(f"parameter {name}: no unit is of the group {options.control!r}")
    mine = earlier.records[earlier.records["visit"].isin(parameter.visits or [""])]
    unit = mine["unit"]
    where = unit.map(_texts(context, name, options.within, "within")) if options.within else unit.map(lambda _: "")
    known = (mine["status"] == "observed").to_numpy() & mine["value"].notna().to_numpy()
    control = known & (unit.map(groups) == options.control).to_numpy()
    value, status = numpy.full(len(mine), numpy.nan), mine["status"].to_numpy(dtype=object).copy()
    behind = [earlier.cells.behind(mine.index, range(len(mine)))]
    for (_, place), rows in mine.assign(place=range(len(mine))).groupby(["visit", where], dropna=False):
        at = rows["place"].to_numpy()
        of = at[control[at]]
        held = mine["value"].to_numpy()[of]
        refusal = _refusal(held, options, place)
        here = at[known[at]]
        if refusal:
            status[here] = refusal
            continue
        value[here] = _related(mine["value"].to_numpy()[here], _centre(held, options.centre), options.give)
        source = numpy.tile(mine.index.to_numpy()[of], len(here))
        behind.append(earlier.cells.behind(source, numpy.repeat(here, len(of)), "control"))
    made = Found.of_columns(unit, mine["visit"], value, None, status, Cells.joined(behind))
    return replace(made, tables=earlier.tables)


def _texts(context: Context, name: str, of: str, option: str) -> "pandas.Series":
    """Unit -> text, or number as text, of a parameter without visits."""
    if not of or context.dataset.parameters.get(of) is None or context.dataset.parameters[of].visits:
        raise Fault(f"parameter {name}: {option}: a parameter without visits is needed, not {of or 'none'!r}")
    records = context.earlier(name, of, ()).records.set_index("unit")
    return records["text"].where(records["text"].notna(), records["value"].map("{:g}".format, na_action="ignore"))


def _refusal(values: "numpy.ndarray", options: Options, place: object) -> str:
    """Why a control is none, "" where it is one."""
    of = f" in {options.within} {place}" if options.within else ""
    if options.within and not isinstance(place, str):
        return f"incomplete: {options.within} is not known"
    if len(values) < options.at_least:
        return f"incomplete: {len(values)} of {options.at_least} control values{of}"
    if options.centre == "geometric_mean" and (values <= 0).any():
        return f"incomplete: a control value that is not above 0{of}"
    if options.give != "difference" and _centre(values, options.centre) <= 0:
        return f"incomplete: the centre of the control is not above 0{of}"
    return ""


def _centre(values: "numpy.ndarray", centre: str) -> float:
    import numpy

    if centre == "geometric_mean":
        return float(numpy.exp(numpy.log(values).mean()))
    return float(numpy.median(values) if centre == "median" else values.mean())


def _related(value: "numpy.ndarray", centre: float, give: str) -> "numpy.ndarray":
    if give == "difference":
        return value - centre
    return value / centre * (100 if give == "percent" else 1)


DERIVATION = Derivation(Options, derive, by_group=True)
