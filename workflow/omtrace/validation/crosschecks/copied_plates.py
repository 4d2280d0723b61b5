"""Copied plates: the same signals in the same wells of two plates.

Two readings of one plate differ in the last digits, so two plates that share the readings of many wells are one
reading under two names. So are two whose readings lie on one straight line to the last digit (a copy times 1.013, plus
0.02, less its blank): the wells of two plates with one layout scatter about such a line by several percent, since each
was pipetted. Chance agreement: a blank plate read to 0.001 within 0.02 shares about 5 of 96 wells.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import as_text, hits

if TYPE_CHECKING:
    import numpy
    import pandas

PLATE, WELL = re.compile(".+"), re.compile("([A-Z]|A[A-F])[0-9]{1,2}")
# A straight line between two plates: how far two readings may lie from it beside the rounding of both (part of a
# reading; the last of four digits), the share of the signal above the plate's lowest at which such a distance tells
# something, the share of these wells that must lie on the line, and the correlation from which a pair is looked at.
ROUNDED, CLEAR, MOST, NEAR = 0.0005, 0.01, 0.8, 0.8
STEPS = 8  # of the search for the line that most wells lie on
DIGITS = 7  # decimals of a reading that are looked at; one with more was computed, and is not rounded
BLOCK, ROWS = 256, 64  # plates that are held against all earlier ones at a time: as bytes, as numbers
PAIRS = 4096  # pairs of plates that are looked at well by well at a time
QUADS, LEAST, FULL = 48, 11, 0.9  # ratios of wells, how many stay in a copy, and the share of their wells that are read


class Options(Closed):
    """How much two plates may share."""

    wells: int = Field(24, description="shared readings from which two plates are called copies", ge=4)
    varied: int = Field(12, description="fewest different values among them (nominal concentrations are few)", ge=2)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """The first row of each plate that shares its readings with an earlier plate.

    Looked at are tables whose units are wells (plate / well), each number column on its own; wells are matched by
    name and by the rest of the key (the wavelength), which a straight line holds within.
    """
    import numpy

    for table, frame in tables.frames.items():
        if UNIT not in frame or frame.empty or not (codes := _codes_of(frame[UNIT])):
            continue
        plates, wells = codes
        if plates.max() < 1:
            continue
        reads = numpy.zeros(len(frame), dtype="int64")
        for name in [name for name in tables.declared[table].key if name != UNIT]:
            reads = _together(reads, as_text(frame[name]).fillna(""))
        places = numpy.unique(wells * (reads.max() + 1) + reads, return_inverse=True)[1]
        for column in tables.declared[table].columns:
            if column.kind == "number":
                copies = dict(_on_a_line(plates, wells, reads, frame[column.name], options))
                copies |= dict(_copies(plates, places, frame[column.name], options))
                for key, like in copies.items():
                    expected = f"readings that differ from those of the plate of row {key_text(like)}"
                    yield from hits("copied_plate", table, [key], column.name, expected)


class WellCodes(NamedTuple):
    """A number for the plate and for the well of each row (n,)."""

    plates: "numpy.ndarray"
    wells: "numpy.ndarray"


def _codes_of(units: "pandas.Series") -> WellCodes | None:
    """The plate and the well of each row; None where a unit is no well of a plate."""
    import pandas
    import pyarrow
    import pyarrow.compute as compute

    texts = pyarrow.array(units, type=pyarrow.string(), from_pandas=True)
    if texts.null_count or not compute.all(compute.match_substring(texts, "/")).as_py():
        return None
    halves = compute.split_pattern(texts, "/", max_splits=1, reverse=True)
    codes = []
    for at, pattern in enumerate((PLATE, WELL)):
        numbers, names = pandas.factorize(compute.list_element(halves, at).to_pandas())
        if not all(map(pattern.fullmatch, names)):
            return None
        codes.append(numbers)
    return WellCodes(*codes)


def _together(codes: "numpy.ndarray", texts: "pandas.Series") -> "numpy.ndarray":
    """One number for each pair of a number and a text."""
    import pandas

    more, names = pandas.factorize(texts)
    return pandas.factorize(codes * max(len(names), 1) + more)[0]


def _copies(
    plates: "numpy.ndarray", wells: "numpy.ndarray", values: "pandas.Series", options: Options
) -> Iterator[tuple[int, int]]:
    """The first keys of each plate that shares readings, and of the earlier plate with which it shares most."""
    import numpy
    import pandas

    held = values.notna().to_numpy()
    if not held.any():
        return
    first = values.index.to_series()[held].groupby(plates[held]).min().sort_values()
    place = numpy.full(plates.max() + 1, -1)
    place[first.index] = numpy.arange(len(first))
    readings, different = pandas.factorize(values[held])
    if len(different) < options.varied:
        return
    kind = "int16" if len(different) < 2**15 else "int32"  # of few bits, since all plates are held against all
    table = numpy.full((wells.max() + 1, len(first)), -1, dtype=kind)  # wells x plates: the number of the reading
    table[wells[held][::-1], place[plates[held]][::-1]] = readings[::-1]  # of several the first stays
    others = numpy.where(table < 0, -2, table)  # what was not read is like nothing
    for start in range(0, len(first), BLOCK):
        end = min(start + BLOCK, len(first))
        shared, alike = numpy.zeros((end - start, end), dtype="int32"), numpy.empty((end - start, end), dtype=bool)
        for few in range(0, len(table), 255):  # as many as a byte counts
            count = numpy.zeros(shared.shape, dtype="uint8")
            for row, other in zip(table[few : few + 255], others[few : few + 255], strict=True):
                count += numpy.equal(row[start:end, None], other[None, :end], out=alike).view("uint8")
            shared += count
        for at in range(start, end):
            like = int(shared[at - start, :at].argmax()) if at else 0
            if not at or shared[at - start, like] < options.wells:
                continue
            same = (table[:, at] == table[:, like]) & (table[:, at] >= 0)
            if len(numpy.unique(table[same, at])) >= options.varied:
                yield int(first.iloc[at]), int(first.iloc[like])


def _on_a_line(
    plates: "numpy.ndarray", wells: "numpy.ndarray", reads: "numpy.ndarray", values: "pandas.Series", options: Options
) -> Iterator[tuple[int, int]]:
    """The first keys of each plate whose readings lie on a straight line over those of an earlier plate, and of it."""
    import numpy

    readings = values.to_numpy(dtype="float64")
    held = numpy.isfinite(readings)
    for read in numpy.unique(reads[held]):
        of_read = held & (reads == read)
        of_read &= numpy.bincount(plates[of_read], minlength=plates.max() + 1)[plates] >= options.wells
        if not of_read.any():
            continue
        first = values.index.to_series()[of_read].groupby(plates[of_read]).min().sort_values()
        place = numpy.full(plates.max() + 1, -1)
        place[first.index] = numpy.arange(len(first))
        table = numpy.full((len(first), wells.max() + 1), numpy.nan)
        table[place[plates[of_read]], wells[of_read]] = readings[of_read]
        last = _last_digits(table)
        varied = _different(table) >= options.varied
        for plate, earlier in _candidates(table, last):
            plate, earlier = plate[varied[earlier]], earlier[varied[earlier]]
            near = _correlation(table[earlier], table[plate]) >= NEAR
            plate, earlier = plate[near], earlier[near]
            on_line = _lines(table[earlier], table[plate], last[earlier], last[plate], options)
            for copy, at in zip(*numpy.unique(plate[on_line], return_index=True), strict=True):
                yield int(first.iloc[copy]), int(first.iloc[earlier[on_line][at]])


def _candidates(table: "numpy.ndarray", last: "numpy.ndarray") -> "Iterator[tuple[numpy.ndarray, numpy.ndarray]]":
    """Plates, and beside each an earlier plate that it may be a copy of: not every pair is looked at well by well.

    A straight line leaves the ratio of two differences of wells as it is. Of ``QUADS`` such ratios, of wells that most
    plates have, more than ``LEAST`` stay where a fifth of the wells were entered anew. A plate that lacks many of these
    wells is held against all. Of plates that were read in all wells, those that do not vary together are passed
    over as well: their correlations are one product of matrices.

    Parameters
    ----------
    table
        Readings (plates, wells), NaN where there is none.
    last
        The step of the last decimal of each plate.
    """
    import numpy

    there = numpy.isfinite(table)
    wells = numpy.argsort(-there.sum(axis=0), kind="stable")[: 2 * QUADS]
    wells = wells[there[:, wells].sum(axis=0) * 2 >= len(table)]
    wells = wells[numpy.argsort(numpy.nanmedian(table[:, wells], axis=0), kind="stable")]
    quarters = wells[: len(wells) // 4 * 4].reshape(4, -1)  # of the plate's range: a ratio has a well of each
    quads = numpy.hstack([quarters, [numpy.roll(quarter, n) for n, quarter in enumerate(quarters)]]).T
    whole = (there[:, wells].mean(axis=1) >= FULL) & (len(quads) > 2 * LEAST)
    a, b, c, d = (table[:, quads[:, corner]] for corner in range(4))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        ratio = (a - c) / (b - d)
        error = last[:, None] + 2 * ROUNDED * (abs(a) + abs(b) + abs(c) + abs(d)) / 4
        error = error * (1 + abs(ratio)) / abs(b - d)
    ratio[~(numpy.isfinite(ratio) & numpy.isfinite(error))] = numpy.nan
    complete = there.all(axis=1)
    alike = _standardised(numpy.where(complete[:, None], table, 0.0))
    ratios, errors = (numpy.ascontiguousarray(of.T, dtype="float32") for of in (ratio, error + 1e-6 * abs(ratio)))
    for start in range(0, len(table), ROWS):
        end = min(start + ROWS, len(table))
        same = numpy.zeros((end - start, end), dtype="uint8")
        apart, allowed = (numpy.empty(same.shape, dtype="float32") for _ in range(2))
        is_same = numpy.empty(same.shape, dtype=bool)
        for r, e in zip(ratios, errors, strict=True):
            numpy.subtract(r[start:end, None], r[None, :end], out=apart)
            numpy.abs(apart, out=apart)
            numpy.add(e[start:end, None], e[None, :end], out=allowed)
            same += numpy.less_equal(apart, allowed, out=is_same).view("uint8")  # not where one is NaN
        may_be = (same > LEAST) | ~whole[start:end, None] | ~whole[None, :end]
        near = abs(alike[start:end] @ alike[:end].T) >= NEAR - 1e-6
        may_be &= near | ~complete[start:end, None] | ~complete[None, :end]
        plate, earlier = numpy.nonzero(numpy.tril(may_be, start - 1))
        for few in range(0, len(plate), PAIRS):
            yield start + plate[few : few + PAIRS], earlier[few : few + PAIRS]


def _last_digits(readings: "numpy.ndarray") -> "numpy.ndarray":
    """The step of the last decimal of each plate's readings (plates, wells); 0 where they have more than DIGITS."""
    import numpy

    steps = numpy.zeros(len(readings))
    for digits in range(DIGITS, -1, -1):
        scaled = readings * 10.0**digits
        rounded = numpy.abs(scaled - numpy.round(scaled)) <= 1e-6 + 1e-12 * numpy.abs(scaled)
        steps[(rounded | numpy.isnan(scaled)).all(axis=1)] = 10.0**-digits
    return steps


def _standardised(readings: "numpy.ndarray") -> "numpy.ndarray":
    """Each plate's readings (plates, wells), centred and of length 1; all 0 where they are equal."""
    import numpy

    centred = readings - readings.mean(axis=1, keepdims=True)
    length = numpy.sqrt((centred**2).sum(axis=1, keepdims=True))
    return numpy.asarray(centred / numpy.where(length > 0, length, 1.0))


def _different(readings: "numpy.ndarray") -> "numpy.ndarray":
    """How many different readings each plate has, of (plates, wells) with NaN where there is none."""
    import numpy

    ranked = numpy.sort(readings, axis=1)  # missing ones last
    return numpy.asarray(numpy.isfinite(ranked[:, :1]).sum(axis=1) + (numpy.diff(ranked, axis=1) > 0).sum(axis=1))


def _correlation(x: "numpy.ndarray", y: "numpy.ndarray") -> "numpy.ndarray":
    """Pearson's correlation, without its sign, of rows of y (k, w) and of x (k, w), over the wells that both have."""
    import numpy

    both = numpy.isfinite(x) & numpy.isfinite(y)
    count = numpy.maximum(both.sum(axis=1, keepdims=True), 1)
    sides = [numpy.where(both, side, 0.0) for side in (x, y)]
    u, v = (numpy.where(both, side - side.sum(axis=1, keepdims=True) / count, 0.0) for side in sides)
    squares = (u**2).sum(axis=1) * (v**2).sum(axis=1)
    return numpy.asarray(numpy.abs((u * v).sum(axis=1)) / numpy.sqrt(numpy.where(squares > 0, squares, numpy.inf)))


def _median(values: "numpy.ndarray") -> "numpy.ndarray":
    """The median of each row (k, 1), 0 of a row without values."""
    import numpy

    there = numpy.isfinite(values)
    filled = numpy.where(there | there.any(axis=1, keepdims=True), values, 0.0)
    return numpy.asarray(numpy.nanmedian(filled, axis=1, keepdims=True))


def _lines(
    x: "numpy.ndarray", y: "numpy.ndarray", x_digit: "numpy.ndarray", y_digit: "numpy.ndarray", options: Options
) -> "numpy.ndarray":
    """Which rows of x (k, w) have most of their wells on one straight line with those of y (k, w), to the last digit.

    The line begins as the median of the slopes between wells half the plate's ranks apart, and is then that of least
    squares of the wells nearest to it (least trimmed squares), so that some wells entered anew hide nothing. Wells that
    cannot tell a line from the scatter of pipetting do not count, such as blanks.
    """
    import numpy

    order = numpy.argsort(x, axis=1)  # missing ones last
    x = numpy.take_along_axis(x, order, axis=1)
    y = numpy.where(numpy.isfinite(x), numpy.take_along_axis(y, order, axis=1), numpy.nan)
    x = numpy.where(numpy.isfinite(y), x, numpy.nan)
    both, half = numpy.isfinite(x), x.shape[1] // 2
    steps = numpy.where(x[:, half:] > x[:, : x.shape[1] - half], x[:, half:] - x[:, : x.shape[1] - half], numpy.nan)
    slope = _median((y[:, half:] - y[:, : x.shape[1] - half]) / steps)
    start = _median(y - slope * x)
    for _ in range(STEPS):
        rounding = (y_digit[:, None] + numpy.abs(slope) * x_digit[:, None]) / 2
        allowed = rounding + ROUNDED * (numpy.abs(y) + numpy.abs(slope * x)) + numpy.finfo("float64").tiny
        apart = numpy.abs(y - start - slope * x) / allowed
        used = both & (numpy.argsort(numpy.argsort(apart, axis=1), axis=1) < MOST * both.sum(axis=1, keepdims=True))
        count = numpy.maximum(used.sum(axis=1, keepdims=True), 1)
        mean_x, mean_y = (numpy.where(used, side, 0.0).sum(axis=1, keepdims=True) / count for side in (x, y))
        u, v = (numpy.where(used, side, 0.0) for side in (x - mean_x, y - mean_y))
        squares = (u**2).sum(axis=1, keepdims=True)
        slope = (u * v).sum(axis=1, keepdims=True) / numpy.where(squares > 0, squares, numpy.inf)
        start = mean_y - slope * mean_x
    lowest = numpy.where(both, x, numpy.inf).min(axis=1, keepdims=True)
    clear = both & (allowed <= CLEAR * numpy.abs(slope) * (x - lowest))
    alike = clear & (numpy.abs(y - start - slope * x) <= allowed)
    enough = alike.sum(axis=1) >= numpy.maximum(options.wells, MOST * clear.sum(axis=1))
    for pair in numpy.flatnonzero(enough):
        enough[pair] = len(numpy.unique(x[pair, alike[pair]])) >= options.varied
    return numpy.asarray(enough)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "copied_plate",
            "stop",
            "Two plates share the readings of many wells, as they are or along a straight line (times a factor, plus "
            "an offset): one reading under two names.",
            "plates 2 and 3 with the same absorbance, or with 1.013 times it plus 0.02",
            "export each plate again from its own reading",
            ("note", "warn", "stop"),
        ),
    ),
)
