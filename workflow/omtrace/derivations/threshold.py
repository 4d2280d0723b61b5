"""Whether the value of another parameter passes a threshold: no medication, at least 15 headache days."""

from dataclasses import replace
from typing import Literal

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter

COMPARE = {
    "at least": lambda value, limit: value >= limit - 1e-9,
    "above": lambda value, limit: value > limit + 1e-9,
    "at most": lambda value, limit: value <= limit + 1e-9,
    "below": lambda value, limit: value < limit - 1e-9,
}


class Options(Closed):
    """The value of which parameter, on which side of what."""

    of: str = Field(description="parameter of the same dataset, declared before")
    # Declared as a word, so that the plan reads as a sentence.
    side: Literal["at least", "above", "at most", "below"] = Field(description="the side of the threshold that is yes")
    threshold: float = Field(description="in the unit of the parameter")
    source: str = Field("", description="where the threshold comes from")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """1 and "yes" for a value on the stated side of the threshold, else 0 and "no"; 1e-9 of rounding is allowed.

    A record without a value passes its status on.
    """
    source = context.earlier(name, options.of, parameter.visits)
    mine = source.records[source.records["visit"].isin(parameter.visits or [""])]
    passes = COMPARE[options.side]
    records: list[tuple[str, str, float | None, str | None, str]] = []
    for row in mine.itertuples():
        if row.status == "observed":
            yes = bool(passes(row.value, options.threshold))
            records.append((row.unit, row.visit, float(yes), "yes" if yes else "no", "observed"))
        else:
            records.append((row.unit, row.visit, None, None, row.status))
    cells = source.cells.behind(list(mine.index), range(len(mine)))
    return replace(Found.of(records, [], source.tables), cells=cells)


DERIVATION = Derivation(Options, derive)
