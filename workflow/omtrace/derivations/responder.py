"""Responders: whether another parameter improved by a stated amount since baseline."""

from dataclasses import replace
from typing import Protocol

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found, Outcome
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells


class Options(Closed):
    """Improvement of what, and by how much."""

    of: str = Field(description="parameter of the same dataset, declared before")
    at_least: float = Field(description="improvement that makes a responder", gt=0)
    relative: bool = Field(False, description="the amount is a share of the baseline value, in percent")
    source: str = Field(description="where the threshold comes from")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """1 and "yes" for an improvement of at least the amount, else 0 and "no".

    The improvement is baseline - value if lower is better, value - baseline if higher is better; comparison
    allows 1e-9 of rounding. No value without baseline; a relative change from a baseline of zero is undefined.
    """
    baseline = context.dataset.baseline
    if not baseline:
        raise Fault(f"parameter {name}: the dataset has no baseline")
    earlier = context.earlier(name, options.of, [baseline, *parameter.visits])
    better = context.dataset.parameters[options.of].better
    if not better:
        raise Fault(f"parameter {name}: {options.of!r} does not say which direction is better")
    sign = 1.0 if better == "higher" else -1.0
    base = {row.unit: row for row in earlier.records[earlier.records["visit"] == baseline].itertuples()}
    later = earlier.records[earlier.records["visit"].isin(parameter.visits)]
    seen = [row for row in later.itertuples() if not row.status.startswith(("not collected", "quarantined"))]
    # the grid says the same of the others
    outcomes = [_response(base[row.unit], row, sign, options) for row in seen]
    records = [(r.unit, r.visit, o.value, o.text, o.status) for r, o in zip(seen, outcomes, strict=True)]
    rows = range(len(seen))
    own, before = [row.Index for row in seen], [base[row.unit].Index for row in seen]
    cells = Cells.joined([earlier.cells.behind(own, rows), earlier.cells.behind(before, rows, "baseline")])
    return replace(Found.of(records, [], earlier.tables), cells=cells)


class _Record(Protocol):
    """A record, as a row of the frame has it."""

    value: float
    status: str


def _response(before: _Record, after: _Record, sign: float, options: Options) -> Outcome:
    """What two records of a unit say."""
    if after.status != "observed":
        return Outcome(None, None, after.status)
    if before.status != "observed":
        return Outcome(None, None, f"baseline {before.status}")
    if options.relative and before.value == 0:
        return Outcome(None, None, "baseline of zero")
    gain = sign * (after.value - before.value)
    gain = gain / abs(before.value) * 100 if options.relative else gain
    yes = gain >= options.at_least - 1e-9
    return Outcome(float(yes), "yes" if yes else "no")


DERIVATION = Derivation(Options, derive)
