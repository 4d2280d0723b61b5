"""What a record is, as a digest: its names, its status and the raw cells behind it, but not its number."""

from typing import TYPE_CHECKING, Any

from omtrace.keys import digest_of

if TYPE_CHECKING:
    import pandas


def listed(column: "pandas.Series | pandas.Index") -> list[Any]:
    """A column as plain values, at once; going through a column of texts one by one takes ten times as long."""
    return column.to_numpy(dtype=object).tolist()


def record_digests(name: str, records: "pandas.DataFrame", cells: "pandas.DataFrame") -> dict[int, str]:
    """Record -> 16 hex digits over dataset, unit, parameter, visit, status and its cells in their stored order."""
    behind = _behind(cells)
    columns = (listed(records[column]) for column in ("record", "unit", "parameter", "visit", "status"))
    return {
        record: digest_of([name, unit, parameter, visit, status, behind.get(record, "")])
        for record, unit, parameter, visit, status in zip(*columns, strict=True)
    }


def _behind(cells: "pandas.DataFrame") -> dict[int, str]:
    """Record -> its cells, each as key:column:role, joined."""
    import numpy
    import pandas

    if not len(cells):
        return {}
    record = cells["record"].to_numpy()
    if (record[1:] < record[:-1]).any():
        cells = cells.sort_values("record", kind="stable")
        record = cells["record"].to_numpy()
    (column, columns), (role, roles) = (pandas.factorize(cells[part]) for part in ("column", "role"))
    ends = [[f":{one}:{other}" for other in roles] for one in columns]
    starts = numpy.flatnonzero(numpy.r_[True, record[1:] != record[:-1]]).tolist()
    texts = [f"{key}{ends[a][b]}" for key, a, b in zip(*(part.tolist() for part in (cells["key"], column, role)),
                                                       strict=True)]  # fmt: skip
    bounds = zip(starts, [*starts[1:], len(texts)], strict=True)
    return {int(record[start]): "|".join(texts[start:end]) for start, end in bounds}
