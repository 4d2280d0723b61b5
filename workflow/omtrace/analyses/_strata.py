"""Units of two groups in strata: those of each that hold both groups, and who stands in none of these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from omtrace.analyses import Call
from omtrace.faults import Refusal
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows

ALONE = "stratum without the other group"


class Stratified(Closed):
    """The option that names strata."""

    strata: tuple[str, ...] = Field(
        (),
        description="parameters without visits, such as the site, whose values in combination are the strata; those "
        "without one of the two groups are left out of what is stratified",
        exclude_if=lambda names: not names,
    )


class Stratum(NamedTuple):
    """A stratum with both groups: its values in words, the values of each group, and the rows behind them."""

    level: str
    sides: "tuple[numpy.ndarray, numpy.ndarray]"
    rows: "Rows"


@dataclass(frozen=True)
class Strata:
    """The strata with both groups, in order, and the rows of all of them."""

    strata: list[Stratum]
    rows: "Rows"


def strata_of(call: Call, analysis_set: "AnalysisSet", pair: Sequence[str]) -> Strata:
    """The strata of the units. Raises Refusal where there is none with both groups."""
    frame = analysis_set.frame[analysis_set.frame["group"].isin(pair)]
    words = [
        ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)
        for values in frame[list(call.options.strata)].itertuples(index=False)
    ]
    of = dict(zip(frame.index, words, strict=True))
    found, alone = [], dict.fromkeys(frame.index, ALONE)
    for level in sorted(set(words)):
        inside = frame[[word == level for word in words]]
        a, b = (inside[inside["group"] == g]["value"].to_numpy("float64") for g in pair)
        if len(a) and len(b):
            rows = analysis_set.rows(pair, {unit: "other stratum" for unit, word in of.items() if word != level})
            found.append(Stratum(level, (a, b), rows))
            alone = {unit: why for unit, why in alone.items() if of[unit] != level}
    if not found:
        raise Refusal(f"analysis {call.name}: no stratum holds both {pair[0]} and {pair[1]}")
    return Strata(found, analysis_set.rows(pair, alone))
