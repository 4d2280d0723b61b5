"""Rows of a stored table as plain lists, for a command that must start fast."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from omtrace.store import read_coded


def read_lists(path: str | Path, column: str, among: Collection, columns: Sequence[str]) -> dict[str, list]:
    """Columns of the rows of a Parquet table whose text or whole number in a column is one of these, in their order.

    That column has no gaps. Columns that are not there are left out. Raises ValueError
    when it is the one that is looked at.

    ``store.read_rows`` gives the same as an Arrow table, but its filter imports pyarrow.compute, which takes longer
    than to read the file.
    """
    import numpy
    import pyarrow

    table = read_coded(path, [column, *columns])
    if column not in table.column_names:
        raise ValueError(f"no column {column}")
    arrays = {name: table.column(name).combine_chunks() for name in table.column_names}
    texts = {name: a.dictionary.to_pylist() for name, a in arrays.items() if pyarrow.types.is_dictionary(a.type)}
    numbers: dict[str, Any] = {name: a.indices if name in texts else a for name, a in arrays.items()}
    sought = [at for at, text in enumerate(texts[column]) if text in among] if column in texts else list(among)
    # by dlpack: to_numpy would import pandas
    rows = numpy.flatnonzero(numpy.isin(numpy.from_dlpack(numbers[column]), sought)).tolist()
    lists = {name: [values[row].as_py() for row in rows] for name, values in numbers.items()}
    return lists | {name: [None if at is None else texts[name][at] for at in lists[name]] for name in texts}
