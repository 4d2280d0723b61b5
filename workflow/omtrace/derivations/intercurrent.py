"""A parameter under a strategy for an intercurrent event (ICH E9(R1)): what becomes of its values after the event.

Treatment policy needs no derivation: the parameter itself is what is measured whatever happens.
"""

from dataclasses import replace
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells

Row = tuple[float | None, str | None, str]  # value, text, status


class Options(Closed):
    """Which parameter, which event, which strategy."""

    of: str = Field(description="parameter of the same dataset, declared before")
    event: str = Field(
        description="parameter declared before: 1 at the first visit after the event, or, without visits, 1 for a unit "
        "that had it"
    )
    strategy: Literal["hypothetical", "composite", "while_on_treatment"] = Field(
        description="hypothetical: no value after the event; composite: the value `failure`; while_on_treatment: the "
        "last value before it"
    )
    affected: tuple[str, ...] = Field(
        (), description="visits after an event that has no visits; none: all but baseline"
    )
    failure: float | None = Field(None, description="composite: what the event makes of the value, such as 0 for no")

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """A composite strategy says what the event stands for; the others do not."""
        if (self.failure is None) == (self.strategy == "composite"):
            raise ValueError("failure: needed for the composite strategy, and for it alone")
        return self


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The values of ``of``, changed after the event; where the event is not known there is no value."""
    of = context.earlier(name, options.of, parameter.visits)
    if options.event not in context.so_far:
        raise Fault(f"parameter {name}: {options.event!r} is not declared before it in the dataset")
    event = context.so_far[options.event]
    values, events, row_of, row_of_event = _rows(of), _rows(event), _places(of), _places(event)
    order = [visit for visit in context.dataset.visits if visit in parameter.visits]
    yes_or_no = any(text in ("yes", "no") for _, text, _ in values.values())
    records: list[tuple] = []
    own: list[tuple[int, int]] = []  # record of `of`, and the new one
    event_pairs: list[tuple[int, int]] = []  # record of the event, and the new one
    for unit in dict.fromkeys(unit for unit, _ in values):
        states = _states(context, options, order, unit, events)
        last: Origin | None = None
        for visit in order:
            happened, seen = states[visit]
            here = Origin(visit, values[unit, visit])
            source, row = _after(options, happened, here, last, yes_or_no)
            own.append((row_of[unit, source], len(records)))
            event_pairs += [
                (row_of_event[unit, v], len(records)) for v in seen
            ]  # that it did not happen decides as well
            records.append((unit, visit, *row))
            last = here if happened is False and here.row[2] == "observed" else last
    parts = [
        part.cells.behind([row for row, _ in pairs], [new for _, new in pairs], role)
        for part, pairs, role in ((of, own, ""), (event, event_pairs, "event"))
    ]
    return replace(Found.of(records, [], of.tables), cells=Cells.joined(parts))


def _states(
    context: Context, options: Options, order: list[str], unit: str, events: dict[tuple[str, str], Row]
) -> dict[str, tuple[bool | None, list[str]]]:
    """Visit -> whether the event has happened by then (None: not known), and the event's visits that say so."""
    dataset = context.dataset
    by_visit = dataset.parameters[options.event].visits
    affected = options.affected or [visit for visit in order if visit != dataset.baseline]
    states: dict[str, tuple[bool | None, list[str]]] = {}
    place = {visit: at for at, visit in enumerate(dataset.visits)}
    for visit in order:
        seen = [v for v in dataset.visits if v in by_visit and place[v] <= place[visit]]
        if not by_visit:
            seen = [""] if visit in affected else []
        states[visit] = (_happened([events[unit, v] for v in seen]), seen)
    return states


def _rows(found: Found) -> dict[tuple[str, str], Row]:
    columns = (
        found.records[name].to_numpy(dtype=object).tolist() for name in ("unit", "visit", "value", "text", "status")
    )
    return {
        (unit, visit): (None if value != value else value, text if isinstance(text, str) else None, status)
        for unit, visit, value, text, status in zip(*columns, strict=True)
    }


def _happened(rows: list[Row]) -> bool | None:
    """Whether the event has happened by the last of these: None where that record has no value."""
    if any(status == "observed" and value == 1 for value, _, status in rows):
        return True
    return False if not rows or rows[-1][2] == "observed" else None


class Origin(NamedTuple):
    """A record, and the visit whose cells stand behind it."""

    visit: str
    row: Row


def _after(options: Options, happened: bool | None, here: Origin, last: Origin | None, yes_or_no: bool) -> Origin:
    """What becomes of a record: ``here`` is as it was measured, ``last`` the last one with a value before the event."""
    if happened is False:
        return here
    if happened is None:
        return Origin(here.visit, (None, None, f"not known whether {options.event}"))
    if options.strategy == "hypothetical":
        return Origin(here.visit, (None, None, f"after {options.event}"))
    if options.strategy == "composite":
        text = {1.0: "yes", 0.0: "no"}.get(options.failure or 0.0) if yes_or_no else None
        return Origin(here.visit, (options.failure, text, "observed"))
    return last or Origin(here.visit, (None, None, f"no value before {options.event}"))


def _places(found: Found) -> dict[tuple[str, str], int]:
    """(unit, visit) -> the record's row."""
    pairs = zip(*(found.records[name].to_numpy(dtype=object).tolist() for name in ("unit", "visit")), strict=True)
    return {at: row for row, at in enumerate(pairs)}


DERIVATION = Derivation(Options, derive)
