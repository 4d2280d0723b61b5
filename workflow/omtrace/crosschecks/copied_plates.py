"""Copied plates: the same signals in the same wells of two plates.

Two readings of one plate differ in the last digits, so two plates that share the readings of many wells are one
reading under two names. Chance agreement: a blank plate read to 0.001 within 0.02 shares about 5 of 96 wells.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.crosschecks import CrossCheck, Hit, Tables
from omtrace.crosschecks._rows import as_text, hits
from omtrace.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.study.closed import Closed

if TYPE_CHECKING:
    import pandas

WELL = r"(?P<plate>.+)/(?P<well>[A-P][0-9]{1,2})"


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
        if UNIT not in frame or frame.empty or not re.fullmatch(WELL, str(frame[UNIT].iloc[0])):
            continue
        wells = frame[UNIT].astype("str").str.extract(f"^{WELL}$")
        if wells["plate"].nunique() < 2 or wells["plate"].isna().any():
            continue
        others = [as_text(frame[name]).fillna("") for name in tables.declared[table].key if name != UNIT]
        for name in others:
            wells["well"] = wells["well"] + "/" + name
        for column in tables.declared[table].columns:
            if column.kind == "number":
                yield from _plates(table, wells.assign(value=frame[column.name]), column.name, options)


def _plates(table: str, wells: "pandas.DataFrame", column: str, options: Options) -> Iterator[Hit]:
    import numpy

    held = wells.dropna()
    if held.empty:
        return
    first = held.index.to_series().groupby(held["plate"]).min().sort_values()
    values = held.pivot_table(index="well", columns="plate", values="value", aggfunc="first")[first.index].to_numpy()
    for at in range(1, len(first)):
        same = values[:, :at] == values[:, [at]]
        shared = same.sum(axis=0)
        like = int(shared.argmax())
        if shared[like] >= options.wells and len(numpy.unique(values[same[:, like], at])) >= options.varied:
            expected = f"readings that differ from those of the plate of row {key_text(first.iloc[like])}"
            yield from hits("copied_plate", table, [first.iloc[at]], column, expected)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText("copied_plate", "warn", "Two plates share the readings of many wells: one reading under two names.",
                 "plates 2 and 3 with the same absorbance in 96 wells", "export each plate again from its own reading"),
    ),
)  # fmt: skip
