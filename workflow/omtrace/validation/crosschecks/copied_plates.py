"""Copied plates: the same signals in the same wells of two plates.

Two readings of one plate differ in the last digits, so two plates that share the readings of many wells are one
reading under two names. So are two whose readings have one ratio throughout (a copy times 1.013): measured ratios
of two plates vary by several percent. Chance agreement: a blank plate read to 0.001 within 0.02 shares about 5 of 96
wells.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
# A copy times a factor: readings that count, by how much their ratio may vary (the last of four digits), and in how
# many of the wells it may not.
CLEAR, TOLERANCE, MOST = 0.1, 0.002, 0.9
BLOCK, ROWS = 256, 64  # plates that are held against all earlier ones at a time: as bytes, as numbers
ROUNDING = 1e-5  # of logarithms with single precision


class Options(Closed):
    """How much two plates may share."""

    wells: int = Field(24, description="shared readings from which two plates are called copies", ge=4)
    varied: int = Field(12, description="fewest different values among them (nominal concentrations are few)", ge=2)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """The first row of each plate that shares its readings with an earlier plate.

    Looked at are tables whose units are wells (plate / well), each number column on its own; wells are matched by
    name and by the rest of the key (the wavelength).
    """
    for table, frame in tables.frames.items():
        if UNIT not in frame or frame.empty or not (parted := _parted(frame[UNIT])):
            continue
        plates, wells = parted
        if plates.max() < 1:
            continue
        for name in [name for name in tables.declared[table].key if name != UNIT]:
            wells = _together(wells, as_text(frame[name]).fillna(""))
        for column in tables.declared[table].columns:
            if column.kind == "number":
                copies = dict(_copies(plates, wells, frame[column.name], options))
                copies = dict(_scaled(plates, wells, frame[column.name], options)) | copies
                for key, like in copies.items():
                    expected = f"readings that differ from those of the plate of row {key_text(like)}"
                    yield from hits("copied_plate", table, [key], column.name, expected)


def _parted(units: "pandas.Series") -> "tuple[numpy.ndarray, numpy.ndarray] | None":
    """The numbers of each row's plate and well (int arrays); None where a unit is no well of a plate."""
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
    return codes[0], codes[1]


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


def _scaled(
    plates: "numpy.ndarray", wells: "numpy.ndarray", values: "pandas.Series", options: Options
) -> Iterator[tuple[int, int]]:
    """The first keys of each plate whose readings are those of an earlier plate times one factor, and of that plate.

    In logarithms a factor is a shift, so the differences of a copy do not vary. Only clear readings count (``CLEAR``
    and more), which the last digit does not move by more than the tolerance.
    """
    import numpy

    readings = values.to_numpy(dtype="float64")
    held = numpy.isfinite(readings)
    if len(numpy.unique(readings[held])) < options.varied:
        return
    first = values.index.to_series()[held].groupby(plates[held]).min().sort_values()
    place = numpy.full(plates.max() + 1, -1)
    place[first.index] = numpy.arange(len(first))
    table = numpy.full((len(first), wells.max() + 1), numpy.nan)
    table[place[plates[held]], wells[held]] = readings[held]
    logs = numpy.log(numpy.where(table >= CLEAR, table, numpy.nan))
    there = numpy.isfinite(logs)
    for at, earlier in _candidates(logs, options.wells):
        for like in earlier:
            both = there[at] & there[like]
            shift = logs[at, both] - logs[like, both]
            alike = numpy.abs(shift - numpy.median(shift)) <= TOLERANCE
            if alike.sum() < max(options.wells, MOST * both.sum()):
                continue
            if len(numpy.unique(table[like, both][alike])) >= options.varied:
                yield int(first.iloc[at]), int(first.iloc[like])
                break


def _candidates(logs: "numpy.ndarray", least: int) -> "Iterator[tuple[int, list[int]]]":
    """Each plate with the earlier plates that it may be a multiple of: none that is one is left out.

    Of the wells of a copy no more than ``1 - MOST`` are off, so no more of some pairs of wells, each well in one, have
    another step between them. So thousands of plates are held against each other without looking at all their wells.

    Parameters
    ----------
    logs
        Logarithms (plates, wells) of clear readings, NaN elsewhere.
    least
        Wells that two plates must have in common.
    """
    import numpy

    there = numpy.isfinite(logs)
    counts = there.sum(axis=1)
    used = numpy.argsort(-there.sum(axis=0), kind="stable")[: 2 * min(255, counts.max() // 5 + 4)]
    pairs = used[: len(used) // 2 * 2].reshape(-1, 2)
    steps = (logs[:, pairs[:, 0]] - logs[:, pairs[:, 1]]).astype("float32").T
    for start in range(0, len(logs), ROWS):
        end = min(start + ROWS, len(logs))
        others = numpy.zeros((end - start, end), dtype="uint8")
        apart, is_other = numpy.empty(others.shape, dtype="float32"), numpy.empty(others.shape, dtype=bool)
        for step in steps:
            numpy.subtract(step[start:end, None], step[None, :end], out=apart)
            numpy.abs(apart, out=apart)
            others += numpy.greater(apart, 2 * TOLERANCE + ROUNDING, out=is_other).view("uint8")  # not where one is NaN
        common = numpy.minimum(counts[start:end, None], counts[:end])
        may_be = (others <= (1 - MOST) * common + ROUNDING) & (common >= least)
        for at in range(start, end):
            if len(earlier := numpy.flatnonzero(may_be[at - start, :at])):
                yield at, earlier.tolist()


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "copied_plate",
            "stop",
            "Two plates share the readings of many wells, as they are or times a factor: one reading under two names.",
            "plates 2 and 3 with the same absorbance, or with 1.013 times it",
            "export each plate again from its own reading",
            ("note", "warn", "stop"),
        ),
    ),
)
