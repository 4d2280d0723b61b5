"""Swapped plates: the readings of two plates under each other's names.

Readings follow a layout if the wells of one content read alike, the standards are in the order of their concentrations,
and the wells that hold something are those that the layout names. Of two swapped plates each follows the other's layout
and not its own. Plates with one and the same layout cannot be told apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import as_text, groups_of, hits, rows_of
from omtrace.validation.crosschecks._signals import Signals, readings_of

if TYPE_CHECKING:
    import pandas


SHARE = 0.1  # of the range of a plate's signals: an empty well lies below
TINY = 1e-6


class Options(Closed):
    """The layout, the readings, and when they follow each other."""

    table: str = Field(description="table of the plan that says what is in each well, named plate / well")
    content: tuple[str, ...] = Field(min_length=1, description="columns that say what a well holds: the sample")
    concentration: str = Field("concentration", description="column with the concentration of a standard")
    by: str = Field(UNIT, description="its column that names the well")
    direction: Literal["rising", "falling"] = Field("rising", description="of the signal with the concentration")
    signals: Signals = Field(description="the readings")
    follows: float = Field(0.9, description="how far readings follow a layout that is theirs", gt=0, lt=1)
    factor: float = Field(4, description="how many times as much of them the own layout must leave open", gt=1)


@dataclass(frozen=True)
class Layout:
    """The wells of a plate as the layout has them, by well: content, and concentration of standards, NaN elsewhere."""

    content: "pandas.Series"
    concentration: "pandas.Series"


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """The first reading of both plates of each pair whose readings follow each other's layout."""
    import pandas

    columns = (*options.content, options.concentration)
    frame = rows_of(tables, where, options.table, {}, options.by, *columns)
    names = as_text(frame[options.by])
    contents = _by_plate(names, pandas.Series(groups_of(frame, options.content), index=frame.index))
    doses = _by_plate(names, frame[options.concentration].astype("float64"))
    layouts = {plate: Layout(content, doses[plate]) for plate, content in contents.items()}
    read = readings_of(tables, where, options.signals)
    names = as_text(read[options.signals.by])
    sign = 1 if options.direction == "rising" else -1
    signals = _by_plate(names, sign * read[options.signals.column].astype("float64"))
    firsts = {name.rpartition("/")[0]: key for name, key in reversed(list(zip(names, names.index, strict=True)))}
    own = {plate: _left_open(layouts[plate], signals[plate]) for plate in layouts if plate in signals}
    least = 1 - options.follows
    for one, other in combinations([plate for plate, left in own.items() if left > least / options.factor], 2):
        crossed = _left_open(layouts[one], signals[other]), _left_open(layouts[other], signals[one])
        if max(crossed) > least or min(own[one] / crossed[0], own[other] / crossed[1]) <= options.factor:
            continue
        for plate, partner in ((one, other), (other, one)):
            expected = (
                f"readings that follow the layout of their plate: these follow that of the plate of row "
                f"{key_text(firsts[partner])}, and the other way round; the two may be swapped"
            )
            yield from hits("plates_swapped", options.signals.table, [firsts[plate]], options.signals.column, expected)


def _by_plate(names: "pandas.Series", values: "pandas.Series") -> "dict[str, pandas.Series]":
    """Plate -> value of each of its wells; of several readings of a well the mean."""
    parts = names.str.rpartition("/")
    return {str(plate): values.loc[rows.index].groupby(rows[2]).mean() for plate, rows in parts.groupby(0, sort=False)}


def _left_open(layout: Layout, signal: "pandas.Series") -> float:
    """How far a plate's signals do not follow a layout, from 0 on.

    The larger one of two shares: of the variance of the ranks that lies within contents, and of that of the standards
    that does not go with their concentrations; and the share of the wells that hold something and are not named, or
    are named and were not read.
    """
    known = signal.reindex(layout.content.index)
    ranks = known.rank()
    total = float(((ranks - ranks.mean()) ** 2).sum())
    within = float(((ranks - ranks.groupby(layout.content).transform("mean")) ** 2).sum())
    order = known.corr(layout.concentration, method="spearman") if layout.concentration.nunique() > 2 else 1.0
    others, limit = signal.drop(known.index, errors="ignore"), known.min() + SHARE * (known.max() - known.min())
    astray = float(known.isna().sum() + (others > limit).sum()) / len(known)
    disorder = 1 - order**2 if order > 0 else 1.0
    return max(within / total if total else 0.0, disorder, TINY) + astray


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "plates_swapped",
            "warn",
            "The readings of two plates follow each other's layouts.",
            "the file of plate 4 was saved under the name of plate 5, and the other way round",
            "compare the plates' labels with the reader's protocol; register the files under their own names",
        ),
    ),
)
