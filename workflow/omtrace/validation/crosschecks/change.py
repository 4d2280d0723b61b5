"""A number that changes by more than it can from one visit or date of a unit to the next."""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import UNIT, RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import (
    SEQUENCE,
    WHERE,
    WITHIN,
    consecutive,
    groups_of,
    hits,
    ranks_of,
    rows_of,
)


class Options(Closed):
    """The number, its order, and the largest change."""

    table: str = Field(description="table of the plan")
    column: str = Field(description="number that is followed")
    order: str = Field("visit", description="column that says which row comes first: visit, day or date")
    sequence: tuple[str, ...] = Field((), description=SEQUENCE)
    within: tuple[str, ...] = Field((UNIT,), description=WITHIN)
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    most: float | None = Field(None, description="largest change, in the column's unit", gt=0)
    factor: float | None = Field(None, description="largest factor up or down; where both are above 0", gt=1)

    @model_validator(mode="after")
    def a_bound(self) -> "Options":
        """There is a bound."""
        if self.most is None and self.factor is None:
            raise ValueError("say most, or factor, or both")
        return self


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """Rows that differ too much from the unit's row before; rows without a number are passed over.

    Which of the two numbers is wrong is not known; the later one is reported. Rows of the same place in the order
    are not compared.
    """
    frame = rows_of(tables, where, options.table, options.where, options.column, options.order, *options.within)
    tables.kind(where, options.table, options.column, "integer", "number")
    values = frame[options.column].astype("float64")
    ranks = ranks_of(tables, where, options.table, frame[options.order], options.sequence)
    earlier, later = consecutive(groups_of(frame, options.within), ranks.where(values.notna()), frame.index)
    apart = ranks.to_numpy()[later] > ranks.to_numpy()[earlier]
    earlier, later = earlier[apart], later[apart]
    before, after = values.to_numpy()[earlier], values.to_numpy()[later]
    far, bounds = abs(after - before) < 0, []
    if options.most is not None:
        far |= abs(after - before) > options.most * (1 + 1e-9)
        bounds.append(f"by at most {options.most:g}")
    if options.factor is not None:
        both = (before > 0) & (after > 0)
        room = options.factor * (1 + 1e-9)
        far |= both & ((after > before * room) | (before > after * room))
        bounds.append(f"by at most the factor {options.factor:g}")
    texts = [f"{' and '.join(bounds)} away from row {key_text(key)}" for key in frame.index[earlier[far]]]
    yield from hits("change_large", options.table, frame.index[later[far]], options.column, texts)


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "change_large",
            "warn",
            "A number changes by more than it can between two rows of a unit.",
            "a body weight of 24 g after 240 g",
            "correct the number at its source; the other row may be the wrong one",
        ),
    ),
)
