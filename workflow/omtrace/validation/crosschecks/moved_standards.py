"""Standards that lie one level, or two, beside what the layout says: each reads as another level on the other plates.

A layout that slipped along the dilution still gives a curve that rises, and every concentration is a factor off. The
other plates of the assay with the same levels tell: the signals follow theirs once the levels are moved. Another gain
or kit lot changes all signals by one factor, and no shape, so that a slip is found at another gain as well, unless the
plates differ in shape among themselves. Where the shape cannot tell (a straight line), only readings that are those of
the moved level as they stand count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import as_text, hits

if TYPE_CHECKING:
    import numpy
    import pandas

LAYOUT, READ = {UNIT, "role", "concentration"}, {UNIT, "signal"}
# Distances are root mean squares of log ratios: a plate is apart from the others above APART, and on them below NEAR.
# ALIKE: the shapes of two plates of one kit, at whatever gain. SCATTER: times what the plates usually are apart.
LEVELS, APART, NEAR, ALIKE, TIMES, SCATTER = 5, 0.1, 0.1, 0.08, 3.0, 1.5
MOVES = (1, -1, 2, -2)


class Options(Closed):
    """How many plates with the same levels are needed."""

    plates: int = Field(2, description="fewest plates with the same standards; of two the later one is reported", ge=2)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """The first standard of each plate whose standards read as those of other levels on the other plates.

    Looked at are tables that say what is in each well (role, concentration) and tables of signals of the same wells,
    each reading (wavelength) on its own; levels are the means of their wells.
    Blanks may lie elsewhere: they are no level.
    """
    for layout, frame in tables.frames.items():
        if not LAYOUT.issubset(frame.columns) or frame.empty:
            continue
        wells = frame[(as_text(frame["role"]) == "standard") & frame[UNIT].notna() & (frame["concentration"] > 0)]
        wells = wells.assign(level=wells["concentration"].astype("float64"), well=as_text(wells[UNIT]))
        if wells.empty:
            continue
        wells["plate"] = wells["well"].str.rpartition("/")[0]
        named: dict[int, int] = {}
        for table, read in tables.frames.items():
            if table != layout and READ.issubset(read.columns):
                named |= _moved(wells, tables.declared[table].key, read, options)
        for key, by in sorted(named.items()):
            expected = (
                f"signals of these standards as on the other plates; they are those of the level {abs(by)} "
                f"{'below' if by > 0 else 'above'} there: the layout may have slipped along the dilution"
            )
            yield from hits("standards_moved", layout, [key], "concentration", expected)


def _moved(
    wells: "pandas.DataFrame", key: "tuple[str, ...]", read: "pandas.DataFrame", options: Options
) -> dict[int, int]:
    """The key of the first standard of each plate that is moved, and by how many levels."""
    import numpy

    signals = read.assign(well=as_text(read[UNIT]), signal=read["signal"].astype("float64"))
    others = [name for name in key if name != UNIT]
    first = wells.index.to_series().groupby(wells["plate"]).min()
    moved: dict[int, int] = {}
    both = wells.merge(signals[["well", "signal", *others]].dropna(subset=["signal"]), on="well")
    both = both[both["signal"] > 0]
    for _, one in both.groupby(others, dropna=False) if others else [("", both)]:
        profile = numpy.log(one.groupby(["plate", "level"])["signal"].mean()).unstack()
        profile = profile.reindex(first[profile.index].sort_values().index)
        for plate, by in _by(profile, options.plates).items():
            moved.setdefault(int(first[plate]), by)
    return moved


def _by(profile: "pandas.DataFrame", fewest: int) -> dict[str, int]:
    """Which plates of a profile (plates x levels of log signals) are moved, and by how many levels."""
    import numpy

    values = profile.to_numpy()
    usual = dict(zip(profile.index, _usual(values, fewest), strict=True))
    lines = {plate: (mine, usual[plate]) for plate, mine in zip(profile.index, values, strict=True)}
    judged = {plate: _distance(*line, 0) for plate, line in lines.items() if line[1] is not None}
    # Where the plates differ from one another in shape, as those of many lots do, a difference tells little.
    scatter = SCATTER * float(numpy.median([own.shape for own in judged.values()])) if len(judged) > 1 else 0.0
    moved = {}
    for plate, own in judged.items():
        is_apart = own.shape > APART or own.whole > TIMES * NEAR
        for by in MOVES if is_apart else ():
            there = _distance(*lines[plate], by)
            by_shape = own.shape > max(APART, scatter) and TIMES * there.shape < own.shape
            by_shape = by_shape and (there.shape < ALIKE or TIMES * there.whole < own.whole)  # whatever the gain
            if by_shape or (own.whole > TIMES * max(NEAR, there.whole) and there.whole < NEAR):
                moved[plate] = by
                break
    return moved


def _usual(values: "numpy.ndarray", fewest: int) -> "Iterator[numpy.ndarray | None]":
    """For each plate (plates x levels) the medians of the others that share its levels.

    None where these are too few, and for the earlier of two.
    """
    import numpy
    import pandas

    there = numpy.isfinite(values)
    if there.all() and len(values) >= max(3, fewest) and values.shape[1] >= LEVELS - 1:
        yield from _medians_without_each(values)
        return
    for row, mine in enumerate(there):
        sharing = (there & mine).sum(axis=1) >= LEVELS - 1
        sharing[row] = False
        others = values[sharing]
        is_first_of_two = len(others) == 1 and int(sharing.argmax()) > row
        yield None if len(others) + 1 < fewest or is_first_of_two else pandas.DataFrame(others).median().to_numpy()


def _medians_without_each(values: "numpy.ndarray") -> "numpy.ndarray":
    """The medians (plates x levels) of all plates but the one of the row, by the ranks within each level."""
    import numpy

    rank, ordered, others = values.argsort(axis=0).argsort(axis=0), numpy.sort(values, axis=0), len(values) - 1
    middle = [k + (k >= rank) for k in ((others - 1) // 2, others // 2)]
    low, high = (numpy.take_along_axis(ordered, place, axis=0) for place in middle)
    return (low + high) / 2


@dataclass(frozen=True)
class Distance:
    """How far signals lie from others: as they stand, and but for one factor."""

    whole: float
    shape: float


def _distance(mine: "numpy.ndarray", usual: "numpy.ndarray", by: int) -> Distance:
    """How far signals lie from the usual ones ``by`` levels lower; infinite where too few levels meet."""
    import numpy

    ratio = mine[max(by, 0) : len(mine) + min(by, 0)] - usual[max(-by, 0) : len(usual) - max(by, 0)]
    ratio = ratio[numpy.isfinite(ratio)]
    if len(ratio) < LEVELS - 1:
        return Distance(numpy.inf, numpy.inf)
    return Distance(float(numpy.sqrt((ratio**2).mean())), float(ratio.std()))


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "standards_moved",
            "warn",
            "The standards of a plate read as the next level does on the other plates.",
            "the layout slipped by one row along the dilution: the wells called 500 pg/mL hold 250",
            "compare the layout with the plate's protocol; register the right layout in its place",
        ),
    ),
)
