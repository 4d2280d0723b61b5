"""Time to the first visit at which a condition holds, or whether it came: time to (confirmed) deterioration."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field, model_validator

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells


class Options(Closed):
    """Which condition, when its visits are, and what is given."""

    of: str = Field(description="parameter of the same dataset, declared before, that is 1 where the condition holds")
    times: dict[str, float] = Field(
        default_factory=dict, description="visit -> its planned time, in time order; the visits that are looked at"
    )
    day: str = Field("", description="in place of times: parameter with the time of each of its visits, as it was")
    confirmed: bool = Field(
        False,
        description="the condition needs to hold at the next visit with a value as well; at the last one it is none",
    )
    give: Literal["time", "event"] = Field(
        "time",
        description="time: of the first visit with the condition, or else of the last visit with a value; event: 1 "
        "where the condition came, 0 where the time is censored",
    )

    @model_validator(mode="after")
    def fits(self) -> "Options":
        """The times are planned, or as they were."""
        if bool(self.times) == bool(self.day):
            raise ValueError("times: visit -> time, or else day: a parameter; one of them and not both")
        return self


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The time, or the event, of each unit with a value at any of the visits.

    The cells behind it are those of all visits that were looked at. Without a value at any visit the status is that of
    the first one. Raises Fault for a parameter with visits.
    """
    if parameter.visits:
        raise Fault(f"parameter {name}: visits: a time to an event has none; take them out")
    declared = context.dataset.parameters
    visits = list(options.times) or [v for v in context.dataset.visits if v in declared[options.day].visits]
    earlier = context.earlier(name, options.of, visits)
    days = context.earlier(name, options.day, visits) if options.day else None
    sources = [earlier, *([days] if days else [])]
    rows = [
        {key: row for row, key in enumerate(zip(f.records["unit"], f.records["visit"], strict=True))} for f in sources
    ]
    of = list(zip(earlier.records["value"].tolist(), earlier.records["status"].tolist(), strict=True))
    when = days.records["value"].tolist() if days else []
    records: list[tuple] = []
    behind: list[list[list[int]]] = [[] for _ in sources]
    for unit in context.units:
        seen: list[tuple[float, bool, list[int]]] = []
        for visit in visits:
            places = [at[unit, visit] for at in rows]
            value, status = of[places[0]]
            time = options.times[visit] if options.times else when[places[1]]
            if status == "observed" and value == value and time == time:
                seen.append((time, value == 1, places))
        if not seen:
            records.append((unit, "", None, None, of[rows[0][unit, visits[0]]][1]))
            continue
        last = _first(seen, options.confirmed)
        time, event, _ = seen[last] if last >= 0 else (seen[-1][0], False, [])
        if options.give == "time":
            records.append((unit, "", time, None, "observed"))
        else:
            records.append((unit, "", float(event), "yes" if event else "no", "observed"))
        looked = seen[: last + 1 + options.confirmed] if last >= 0 else seen
        for place, of_source in enumerate(behind):
            of_source.append([len(records) - 1, *(places[place] for _, _, places in looked)])
    cells = []
    for source, of_source in zip(sources, behind, strict=True):
        own = [row for first, *mine in of_source for row in mine]
        cells.append(source.cells.behind(own, [first for first, *mine in of_source for _ in mine]))
    return replace(Found.of(records, [], earlier.tables), cells=Cells.joined(cells))


def _first(seen: Sequence[tuple[float, bool, list[int]]], confirmed: bool) -> int:
    """The place of the first visit with the event, which the next one confirms if it is to; -1 where there is none."""
    for place, (_, holds, _) in enumerate(seen):
        if holds and (not confirmed or (place + 1 < len(seen) and seen[place + 1][1])):
            return place
    return -1


DERIVATION = Derivation(Options, derive)
