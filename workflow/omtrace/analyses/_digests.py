"""What a record is, as a digest: its names, its status and the raw cells behind it, but not its number."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from omtrace.analyses._columns import encoded

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

CHUNK = 4096  # records


def record_digests(name: str, records: "pandas.DataFrame", cells: "pandas.DataFrame") -> "numpy.ndarray":
    """Of a record, by its number, the first 64 bits of sha256 over dataset, unit, parameter, visit, status and its
    cells in their stored order: uint64 (largest number + 1,).
    """  # fmt: skip
    from hashlib import sha256

    import numpy

    record = records["record"].to_numpy()
    if (record[1:] < record[:-1]).any():
        records = records.sort_values("record", kind="stable")
        record = records["record"].to_numpy()
    names = [_texts(records[part]) for part in ("unit", "parameter", "visit", "status")]
    cells_of = _behind(record, cells)
    hashed = []
    for start in range(0, len(record), CHUNK):  # what fits into a processor's cache is hashed while it is there
        parts = [part[start : start + CHUNK] for part in names]
        text, starts = texts_of(joined(name.encode(), *parts, cells_of(start, start + len(parts[0])), by=b"\n"))
        at = starts.tolist()
        hashed.append(b"".join([sha256(text[a:b]).digest() for a, b in zip(at[:-1], at[1:], strict=True)]))
    digests = numpy.zeros(record[-1] + 1 if len(record) else 0, dtype=numpy.uint64)
    digests[record] = numpy.frombuffer(b"".join(hashed), dtype=">u8").reshape(-1, 4)[:, 0]
    return digests


def joined(*texts: Any, by: bytes = b"") -> "pyarrow.LargeBinaryArray":
    """Texts joined entry by entry: arrays (n,), or bytes for all entries."""
    import pyarrow
    from pyarrow import compute

    parts = [pyarrow.scalar(text, pyarrow.large_binary()) if isinstance(text, bytes) else text for text in (*texts, by)]
    return compute.binary_join_element_wise(*parts)


def hex_digits(digests: "numpy.ndarray") -> "pyarrow.LargeBinaryArray":
    """Digests (n,), uint64, as 16 hex digits each."""
    import numpy
    import pyarrow

    pairs = numpy.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype="S2")
    digits = pairs[digests.astype(">u8").view("uint8")]
    starts = numpy.arange(0, 16 * len(digests) + 1, 16)
    content = [None, pyarrow.py_buffer(starts), pyarrow.py_buffer(digits)]
    return pyarrow.LargeBinaryArray.from_buffers(pyarrow.large_binary(), len(digests), content)


def texts_of(lines: "pyarrow.LargeBinaryArray") -> "tuple[memoryview, numpy.ndarray]":
    """The bytes of texts without a gap, and where each begins (n + 1,)."""
    import numpy

    if not len(lines):
        return memoryview(b""), numpy.zeros(1, dtype=numpy.int64)
    _, starts, content = lines.buffers()  # as joined gave them, from the first entry on
    return memoryview(content), numpy.frombuffer(starts, dtype=numpy.int64)[: len(lines) + 1]


def _texts(column: Any) -> "pyarrow.LargeBinaryArray":
    import pyarrow

    texts = pyarrow.array(column, from_pandas=True)
    texts = texts.combine_chunks() if isinstance(texts, pyarrow.ChunkedArray) else texts
    return texts.cast(pyarrow.large_string()).cast(pyarrow.large_binary())


def _behind(record: "numpy.ndarray", cells: "pandas.DataFrame") -> "Callable[[int, int], pyarrow.LargeBinaryArray]":
    """The cells of some records, told from place to place, in rising order: each as key:column:role, joined."""
    import numpy
    import pandas
    import pyarrow

    of = cells["record"].to_numpy(dtype="int64")
    if (of[1:] < of[:-1]).any():
        cells = cells.sort_values("record", kind="stable")
        of = cells["record"].to_numpy(dtype="int64")
    last = numpy.append(of[1:] != of[:-1], [True] * (len(of) > 0))
    (column, columns), (role, roles) = encoded(cells["column"]), encoded(cells["role"])
    ends = [f":{one}:{other}{joint}".encode() for one in columns for other in roles for joint in ("|", "")]
    key, keys = pandas.factorize(cells["key"].to_numpy(dtype="int64"))
    # a cell may stand behind many records, as a standard does: its text is made once
    at, once = pandas.factorize(key * len(ends) + (column * len(roles) + role) * 2 + last)
    key, end = numpy.divmod(once, max(len(ends), 1))
    told = joined(_texts(keys[key]), pyarrow.array(ends, pyarrow.large_binary()).take(pyarrow.array(end)))
    first = numpy.append(numpy.searchsorted(of, record), len(of))

    def cells_of(start: int, end: int) -> "pyarrow.LargeBinaryArray":
        content, starts = texts_of(told.take(pyarrow.array(at[first[start] : first[end]])))
        bounds = starts[first[start : end + 1] - first[start]]
        buffers = [None, pyarrow.py_buffer(bounds), pyarrow.py_buffer(content)]
        return pyarrow.LargeBinaryArray.from_buffers(pyarrow.large_binary(), end - start, buffers)

    return cells_of
