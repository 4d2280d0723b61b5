"""A part of a text as a category: the animal in the name of a replicate, the site in the number of a participant."""

import re

from pydantic import Field, field_validator

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which column, and which part of its texts."""

    table: str = Field(description="validated table, one row a unit")
    column: str = Field(description="column of texts")
    pattern: str = Field(description="regular expression of the whole text; its one group in brackets is the category")

    @field_validator("pattern")
    @classmethod
    def one_group(cls, value: str) -> str:
        """It has one group."""
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError("needs one group in brackets")
        return value


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The part of each unit's text; one that does not fit the pattern has none."""
    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, options.column)
    raw, pattern = tables.raw(options.table, options.column), re.compile(options.pattern)
    rows = rows[rows[options.column].notna()]
    records, cells = [], []
    for unit, text, key in zip(rows[UNIT], rows[options.column], rows["key"], strict=True):
        match = pattern.fullmatch(str(text))
        records.append((unit, "", None, match[1] if match else None, "observed" if match else "no part of that form"))
        cells.append((unit, "", key, raw, "value"))
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)
