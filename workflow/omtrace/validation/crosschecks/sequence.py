"""Numbers that must run on without a gap or a double: allocation sequence, section, day. Finds lost rows."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import key_text
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import WHERE, consecutive, groups_of, hits, rows_of, taken_of


class Options(Closed):
    """The column, and where it starts anew."""

    table: str = Field(description="table of the plan")
    column: str = Field(description="column of whole numbers")
    within: tuple[str, ...] = Field((), description="columns within which the numbers run; none: the whole table")
    where: dict[str, str] = Field(default_factory=dict, description=WHERE)
    start: int | None = Field(None, description="the first number; none: the least in the data")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """The row after each gap, and the later row of each double. Rows lost at the end leave no trace here.

    Rows that another finding has taken out leave no gap, but are no doubles either.
    """
    import numpy
    import pandas

    kept = rows_of(tables, where, options.table, options.where, options.column, *options.within)
    tables.kind(where, options.table, options.column, "integer")
    taken = taken_of(tables, options.table, options.where)
    frame = pandas.concat([kept, taken]).sort_index() if len(taken) else kept
    groups, values = groups_of(frame, options.within), frame[options.column].astype("float64")
    earlier, later = consecutive(groups, values, frame.index)
    number = values.to_numpy()
    step = number[later] - number[earlier]
    gap = step > 1
    texts = [f"the number after that of row {key_text(key)}" for key in frame.index[earlier[gap]]]
    yield from hits("sequence_gap", options.table, frame.index[later[gap]], options.column, texts)
    there = frame.index.isin(kept.index)
    same = (step == 0) & there[earlier] & there[later]
    texts = [f"another number than row {key_text(key)}" for key in frame.index[earlier[same]]]
    yield from hits("sequence_double", options.table, frame.index[later[same]], options.column, texts)
    if options.start is None:
        return
    follows = numpy.zeros(len(frame), dtype=bool)
    follows[later] = True
    late = ~follows & (groups >= 0) & (number > options.start)
    yield from hits("sequence_gap", options.table, frame.index[late], options.column, f"{options.start} as the first")


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "sequence_gap",
            "warn",
            "A number is left out before this row: rows may be lost.",
            "allocation 17 follows 15",
            "send the missing rows, or say why there are none",
        ),
        RuleText(
            "sequence_double",
            "warn",
            "A number that is given once stands in two rows.",
            "allocation 15 twice",
            "correct the number at its source",
        ),
    ),
)
