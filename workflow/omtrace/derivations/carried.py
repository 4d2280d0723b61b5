"""A missing value replaced by the last one before it, or by that at baseline (LOCF, BOCF): for sensitivity alone.

Neither is a valid estimate under any likely reason of a missing value (National Research Council 2010, The Prevention
and Treatment of Missing Data in Clinical Trials), so a plan is refused in which anything but a sensitivity analysis, or
a description, uses such a parameter.
"""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter

ROLES = ("sensitivity", "descriptive", "exploratory")  # of analyses that may use such a parameter


class Options(Closed):
    """What is carried."""

    of: str = Field(description="parameter of the same dataset, declared before")
    carry: Literal["last", "baseline"] = Field(
        "last", description="last: the last value before, baseline included (LOCF); baseline: the baseline's (BOCF)"
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The value of each visit; where it is missing, that which is carried, with its own cells.

    A visit that is not scheduled for the parameter has no value. Raises Fault for BOCF without a baseline.
    """
    baseline = context.dataset.baseline
    source = context.dataset.parameters[options.of].visits if options.of in context.so_far else ()
    if options.carry == "baseline" and baseline not in source:
        raise Fault(f"parameter {name}: {options.of!r} has no baseline to carry forward")
    earlier = context.earlier(name, options.of, parameter.visits)
    order = [visit for visit in context.dataset.visits if visit in source]
    at = {key: row for row, key in enumerate(zip(earlier.records["unit"], earlier.records["visit"], strict=True))}
    known = (earlier.records["status"] == "observed").tolist()
    taken = []
    for visit in parameter.visits:
        before = [baseline] if options.carry == "baseline" else order[: order.index(visit)][::-1]
        for unit in context.units:
            rows = [at[unit, source_visit] for source_visit in (visit, *before)]
            taken.append((unit, visit, next((row for row in rows if known[row]), rows[0])))
    units, visits, rows = (list(part) for part in zip(*taken, strict=True)) if taken else ([], [], [])
    records = earlier.records.iloc[rows].reset_index(drop=True).assign(unit=units, visit=visits)
    return replace(earlier, records=records, cells=earlier.cells.behind(rows, range(len(rows))), parts=None)


DERIVATION = Derivation(Options, derive)
