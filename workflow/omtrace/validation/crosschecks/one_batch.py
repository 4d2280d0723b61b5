"""Files of one batch belong together: a plate's readings, its layout and its samples. Finds names that were swapped."""

from collections.abc import Iterator
from itertools import permutations
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.model.closed import Closed
from omtrace.provenance.keys import SHIFT
from omtrace.schemas import RuleText
from omtrace.validation.crosschecks import CrossCheck, Hit, Tables
from omtrace.validation.crosschecks._rows import as_text, hits

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """The tables, and the column whose values join them."""

    columns: dict[str, str] = Field(min_length=2, description="table -> its column whose values the others have too")


def find(tables: Tables, where: str, options: Options) -> Iterator[Hit]:
    """The first row of each file of which rows stand in another table under other batches of the register only.

    Files that the register gives no batch are passed over, and so are values that the other table does not have.
    """
    import pandas

    sides = {}
    for table, column in options.columns.items():
        values = as_text(tables.frame(f"{where}: columns", table, column)[column])
        numbers = values.index.to_numpy() >> SHIFT
        batch = pandas.Series([tables.batches.get(int(n), "") for n in numbers], values.index, dtype="str")
        side = pandas.DataFrame({"value": values, "batch": batch, "number": numbers}).dropna()
        sides[table] = side[side["batch"] != ""]
    for table, other in permutations(options.columns, 2):
        apart = _apart(sides[table], sides[other])
        for _, rows in apart.groupby("number"):
            expected = f"rows whose {options.columns[table]} has the same batch in table {other}; {len(rows)} have not"
            yield from hits("batches_mixed", table, [rows.index.min()], options.columns[table], expected)


def _apart(mine: "pandas.DataFrame", other: "pandas.DataFrame") -> "pandas.DataFrame":
    """The rows whose value the other table has, but in no file of the same batch."""
    same = mine.reset_index(names="key").merge(other[["value", "batch"]].drop_duplicates(), on=["value", "batch"])
    return mine[mine["value"].isin(other["value"]) & ~mine.index.isin(same["key"])]


CROSSCHECK = CrossCheck(
    options=Options,
    find=find,
    rules=(
        RuleText(
            "batches_mixed",
            "warn",
            "What belongs together stands in files of different batches.",
            "the layout of batch 1 names the plate whose readings came with batch 3",
            "find out which file has the wrong name in it, or the wrong batch in the register",
        ),
    ),
)
