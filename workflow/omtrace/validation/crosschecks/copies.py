"""Copied data: a participant under two names, a questionnaire filed at two visits.

Chance makes rows alike where cells tell little (days without headache, answers "never"). So the cells' information
is counted: -log2 of how common each value is in its column, nothing for a value that only repeats the visit before,
and half of the sum, because answers of one person go together. A pair is reported if this exceeds the log2 of the
number of pairs that could be alike, by ``margin`` bits.

False alarm: no pair, and no repeated row, in 480 simulated studies of HIT-6 or MSQ at three visits (12 or 140 people,
answers from one trait and noise, half of the studies severe). People who share a cause (the same weather in their
diaries) can be alike without a copy: a note is a reason to look, no proof.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText, Table
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._information import bits, coded
from omtrace.validation.crosschecks._rows import as_text, groups_of

if TYPE_CHECKING:
    import numpy
    import pandas

DEPENDENCE = 0.5  # part of the cells' information that is left when those of one unit go together


class Options(Closed):
    """What is enough to call rows copies."""

    cells: int = Field(12, description="fewest filled cells of a unit", ge=2)
    items: int = Field(10, description="fewest answered items of a row", ge=2)
    varied: int = Field(3, description="fewest different values among the cells", ge=2)
    margin: float = Field(10, description="bits by which the information must exceed the log2 of the pairs", ge=0)


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Units whose rows agree in every cell with those of an earlier unit, and rows of a unit that agree with its
    earlier ones.

    Compared are a table's measured columns, or, where it declares none, all that are neither in its key nor dates.
    Units that agree in all cells but one are not found.
    """
    for table, frame in tables.frames.items():
        declared = tables.declared[table]
        if UNIT not in frame:
            continue
        groups = groups_of(frame, (UNIT,))
        if (groups < 0).any():
            frame, groups = frame[groups >= 0], groups[groups >= 0]
        count = groups.max(initial=-1) + 1
        if count > 1:
            yield from _units(table, frame, groups, declared, options)
        if count < len(groups):
            yield from _rows(table, frame, declared, options)


def _compared(table: Table) -> list[str]:
    """The columns in which copies are alike."""
    if table.measured:
        return list(table.measured)
    return [column.name for column in table.columns if column.name not in (*table.key, UNIT) and column.kind != "date"]


def _aligned(frame: "pandas.DataFrame", table: Table) -> "pandas.DataFrame":
    """What says which rows of two units belong together: the rest of the key, or their order where it is each
    unit's own (a replicate's name)."""
    parts = frame[[name for name in table.key if name != UNIT]]
    own = [name for name in parts if frame.groupby(name)[UNIT].nunique().le(1).all()]
    parts = parts.drop(columns=own)
    if own:
        parts = parts.assign(**{own[0]: frame.groupby(UNIT).cumcount()})
    return parts


def _units(
    table: str, frame: "pandas.DataFrame", groups: "numpy.ndarray", declared: Table, options: Options
) -> Iterator[Hit]:
    import numpy
    import pandas

    filled = frame[_compared(declared)].notna().sum(axis=1)
    if numpy.bincount(groups, filled).max() < options.cells:
        return
    parts = _aligned(frame, declared)
    codes = coded(frame[_compared(declared)])
    marks = _marks(numpy.column_stack([coded(parts), codes]))
    if not _any_alike(groups, marks):
        return
    texts = parts.apply(as_text).assign(**{UNIT: frame[UNIT]}).reset_index(drop=True)
    order = texts.sort_values([UNIT, *parts], kind="stable").index.to_numpy()
    frame, codes, groups, marks = frame.iloc[order], codes[order], groups[order], marks[order]
    rows = pandas.DataFrame(
        {
            "group": groups,
            "mark": marks,
            "cells": (codes >= 0).sum(axis=1),
            "bits": DEPENDENCE * bits(codes, groups),
            "key": frame.index,
        }
    )
    # The sum of the rows' marks (modulo 2**64) does not hang on their order: the unit's own mark.
    units = rows.groupby("group").agg(
        mark=("mark", "sum"), cells=("cells", "sum"), bits=("bits", "sum"), key=("key", "min"), rows=("key", "size")
    )
    enough = numpy.log2(max(len(units) * (len(units) - 1) / 2, 1)) + options.margin
    units = units[(units["cells"] >= options.cells) & (units["bits"] >= enough)].sort_values("key")
    units["first"] = units.groupby(["mark", "rows"])["key"].transform("first")
    for unit in units[units["first"] != units["key"]].itertuples():
        if _varied(codes[groups == unit.Index]) >= options.varied:
            expected = f"rows that differ from those of the unit of row {key_text(int(unit.first))}"
            yield Hit("copied_unit", table, int(unit.key), UNIT, expected)


def _any_alike(groups: "numpy.ndarray", marks: "numpy.ndarray") -> bool:
    """Whether two units have the same rows, in any order: else nothing more is worked out."""
    import numpy

    order = numpy.lexsort((marks, groups))
    first = numpy.flatnonzero(numpy.diff(groups[order], prepend=-1))
    sums = numpy.add.reduceat(marks[order], first)  # modulo 2**64
    return len(numpy.unique(sums)) < len(sums)


def _rows(table: str, frame: "pandas.DataFrame", declared: Table, options: Options) -> Iterator[Hit]:
    import numpy

    names = _compared(declared)
    if len(names) < options.items or not declared.key:  # a table without a key says that its rows repeat
        return
    frame = frame.sort_index()
    codes = coded(frame[names])
    marks = _marks(numpy.column_stack([groups_of(frame, (UNIT,)), codes]))
    keys = frame.index.to_series()
    first = keys.groupby(marks, sort=False).transform("first")
    copied = (first != keys).to_numpy() & ((codes >= 0).sum(axis=1) >= options.items)
    for at in copied.nonzero()[0]:
        if _varied(codes[at]) >= options.varied:
            expected = f"answers that differ from those of row {key_text(int(first.iloc[at]))}"
            yield Hit("copied_row", table, int(frame.index[at]), names[0], expected)


def _marks(codes: "numpy.ndarray") -> "numpy.ndarray":
    """One number a row, equal for equal rows; among a million, chance makes two equal once in 10**7."""
    import pandas

    return pandas.util.hash_pandas_object(pandas.DataFrame(codes), index=False).to_numpy()


def _varied(codes: "numpy.ndarray") -> int:
    """How many different values there are."""
    import numpy

    return len(numpy.unique(codes[codes >= 0]))


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "copied_unit",
            "note",
            "Every cell of this unit's rows is as in another unit's.",
            "two participants with the same 42 answers over three visits",
            "compare both with their source documents; one participant may have been entered under two names",
        ),
        RuleText(
            "copied_row",
            "note",
            "A row repeats every answer that the same unit gave at another visit.",
            "14 answers at month 3, all as at month 1",
            "compare both with their source documents; one form may have been filed at two visits",
        ),
    ),
)
