"""Rows of a stored table as plain lists, for a command that must start fast."""

from collections.abc import Collection, Sequence
from pathlib import Path

from omtrace.store import read_coded


def read_lists(path: str | Path, column: str, among: Collection, columns: Sequence[str]) -> dict[str, list]:
    """Columns of those rows of a Parquet table whose entry in one column is among some values, in their order.

    Parameters
    ----------
    path
        The table.
    column
        The column that is looked at: texts or whole numbers, none missing.
    among
        Its values in the rows that are wanted.
    columns
        The columns that are wanted; those that the table does not have are left out.

    Returns
    -------
    dict
        Column -> its values in these rows.

    Raises
    ------
    ValueError
        If the table has no column ``column``.

    Notes
    -----
    ``store.read_rows`` gives the same as an Arrow table, but its filter imports pyarrow.compute, which takes longer
    than reading the file.
    """
    import numpy
    import pyarrow

    table = read_coded(path, [column, *columns], threads=False)
    if column not in table.column_names:
        raise ValueError(f"no column {column}")
    arrays = {name: table.column(name).combine_chunks() for name in table.column_names}
    texts = {name: a.dictionary.to_pylist() for name, a in arrays.items() if pyarrow.types.is_dictionary(a.type)}
    numbers = {name: a.indices if name in texts else a for name, a in arrays.items()}
    wanted = [code for code, text in enumerate(texts[column]) if text in among] if column in texts else list(among)
    # by dlpack: to_numpy would import pandas
    rows = numpy.flatnonzero(numpy.isin(numpy.from_dlpack(numbers[column]), wanted))
    lists = {
        name: [values[row].as_py() for row in rows.tolist()]
        if values.null_count or str(values.type) == "bool"
        else numpy.from_dlpack(values)[rows].tolist()
        for name, values in numbers.items()
    }
    return lists | {name: [None if code is None else texts[name][code] for code in lists[name]] for name in texts}
