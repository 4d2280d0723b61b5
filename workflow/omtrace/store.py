"""The one reader and writer of files under results/ and logs/.

Every file is written to a temporary name beside its final one and renamed, so a half-written file
never has the final name. Floats are rounded on the way in (see ``stored``); Parquet carries no
library metadata; CSV cells cannot become formulas; who may read a file hangs on its class.
"""

import csv
import io
import json
import math
import os
import secrets
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_UP, Context, Decimal
from json.encoder import encode_basestring
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace.classes import is_confidential

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

SIGNIFICANT = 10
KEPT = 13  # significant digits of values that later steps compute with: the tenth digit of an estimate stays right
GRID = 12  # decimals: values nearer to zero than half of 1e-12 are zero
SMALL = 1e-8  # below it the grid leaves fewer than four significant digits
FLOAT = 15  # a decimal number of so many digits is nearer to its float than to any other number of so many
EXACT = Context(prec=400, rounding=ROUND_HALF_UP)  # digits enough for every float
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for a formula begins so


def stored(value: float) -> float:
    """A float as it is kept: 10 significant digits on an absolute grid of 1e-12.

    Processor families differ in the last bits of sums and of exp and log; this many digits agree.
    """
    if not math.isfinite(value):
        return math.nan
    return float(f"{round(value, GRID):.{SIGNIFICANT}g}") + 0.0


def number_text(value: float) -> str:
    """A stored float as text: shortest form that reads back the same; "" for no number."""
    if value is None or not math.isfinite(value):
        return ""
    text = f"{round(value, GRID):.{SIGNIFICANT}g}"  # as of ``stored``: what it reads back to has these digits
    return text if text != "-0" else "0"


def probability_text(value: float) -> str:
    """A p value as text: as ``number_text``, but with four significant digits where it is too small for its grid."""
    if value is None or not math.isfinite(value) or value <= 0 or value >= SMALL:
        return number_text(value)
    return f"{value:.4g}"


def fine_text(value: float) -> str:
    """A number of something very small (moles per litre) as text: as ``number_text``, with all digits off its grid."""
    return f"{value:.{SIGNIFICANT}g}" if math.isfinite(value) and 0 < abs(value) < SMALL else number_text(value)


def display(value: float | str, decimals: int) -> str:
    """A stored number as people read it: rounded once, half away from zero, in exact decimal."""
    text = value if isinstance(value, str) else number_text(value)
    if text == "":
        return "–"
    if len(text) <= FLOAT and text[-1] != "5" and "e" not in text:  # no half to round: its float rounds as it does
        written = f"{float(text):.{decimals}f}"
    else:
        written = f"{Decimal(text).quantize(Decimal(1).scaleb(-decimals), context=EXACT):f}"
    if written[0] == "-":
        return "−" + written[1:] if written.strip("-0.") else written[1:]
    return written


def write_bytes(path: str | Path, content: bytes, confidential: bool | None = None) -> None:
    """Put a whole file in place at once: temporary name, then rename. Folders are made.

    Permissions follow the umask; a confidential file is never more open than 0640. ``confidential``: whether it is one;
    None: as its path says.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    mode = 0o640 if (is_confidential(path) if confidential is None else confidential) else 0o666
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)  # the kernel applies the umask
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno is not None:  # a full disk names no file
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files as one zip file whose bytes hang on their names and contents alone: sorted, without times and owners."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)  # with the earliest time that there is
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o100644 << 16, 3
            archive.writestr(entry, files[name], compresslevel=6)
    return buffer.getvalue()


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text with line feeds."""
    write_bytes(path, text.encode())


def write_json(path: str | Path, value: object) -> None:
    """Write JSON with sorted keys, one space of indent, and no NaN."""
    write_text(path, indented(value) + "\n")


def indented(value: object, end: str = "\n") -> str:
    """JSON as ``json.dumps`` indents it, keys being texts; what holds nothing nested goes through its C encoder."""
    inner = end + " "
    members: Collection[object] = ()
    if isinstance(value, dict | list | tuple):
        members = value.values() if isinstance(value, dict) else value
    if not members or not any(isinstance(member, dict | list | tuple) for member in members):
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=("," + inner, ": "))
        return text[0] + inner + text[1:-1] + end + text[-1] if members else text
    if isinstance(value, dict):
        parts = [f"{encode_basestring(key)}: {indented(value[key], inner)}" for key in sorted(value)]
        return "{" + inner + ("," + inner).join(parts) + end + "}"
    return "[" + inner + ("," + inner).join(indented(member, inner) for member in members) + end + "]"


def read_json(path: str | Path) -> Any:
    """Read what ``write_json`` wrote."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def safe_cell(value: object) -> str:
    """A CSV cell that no spreadsheet takes for a formula: such text gets a leading apostrophe.

    Numbers stay numbers: floats are stored ones, a minus sign before a digit is no formula. ``read_csv``
    takes the apostrophe off again.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return number_text(value)
    text = str(value)
    if text.lstrip("'")[:1] in FORMULA and not _is_number(text):
        return "'" + text
    return text


def _plain_cell(text: str) -> str:
    """The text that ``safe_cell`` was given."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in FORMULA else text


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV table (RFC 4180, line feeds), each cell through ``safe_cell``."""
    write_text(path, csv_text(header, rows))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The text of a CSV table, see ``write_csv``."""
    lines, once = [], _Written()
    for row in (header, *rows):
        lines.append(",".join([once[c] if type(c) is str or type(c) is int else _quoted(safe_cell(c)) for c in row]))
    return "\n".join(lines) + "\n"


class _Written(dict[str | int, str]):
    """Texts and counts as they are written: most stand in many rows."""

    def __missing__(self, cell: str | int) -> str:
        self[cell] = written = _quoted(safe_cell(cell))
        return written


def _quoted(cell: str) -> str:
    # csv.writer, told to end lines by LF, leaves a lone CR bare, which ends the line for every reader.
    quote = "," in cell or '"' in cell or "\r" in cell or "\n" in cell
    return '"' + cell.replace('"', '""') + '"' if quote else cell


def read_csv(path: str | Path, begins: str = "") -> list[dict[str, str]]:
    """Read a CSV table as the texts that ``write_csv`` was given. Raises ValueError for a row of another width.

    ``begins``: only rows whose line begins so.
    """
    content = Path(path).read_bytes()
    text = (content if b"\n" + begins.encode() in content else content.split(b"\n", 1)[0]).decode()
    try:
        return csv_rows(text, begins)
    except ValueError as error:
        raise ValueError(f"{Path(path).name}: {error}") from None


def csv_rows(text: str, begins: str = "") -> list[dict[str, str]]:
    """The rows of a CSV table from its text, see ``read_csv``."""
    header, *rows = _rows(text, begins) or [[]]
    if any(len(row) != len(header) for row in rows):
        raise ValueError("a row is shorter or longer than the header")
    cells = ([_plain_cell(cell) for cell in row] for row in rows) if "'" in text else rows
    return [dict(zip(header, row, strict=True)) for row in cells]


def _rows(text: str, begins: str) -> list[list[str]]:
    """The cells of each record; a line without a quote is one, and needs no parser; those that begin otherwise go."""
    rows: list[list[str]] = []
    for line in (lines := iter(text.split("\n"))):
        if '"' in line or "\r" in line:
            while line.count('"') % 2 and (more := next(lines, None)) is not None:
                line += "\n" + more
            if not rows or line.startswith(begins):
                rows += filter(None, csv.reader(io.StringIO(line, newline="")))
        elif line and (not rows or line.startswith(begins)):
            rows.append(line.split(","))
    return rows


def write_table(path: str | Path, frame: "pandas.DataFrame | Mapping[str, Sequence]") -> None:
    """Write a Parquet table: columns only, floats with 13 significant digits, no pandas or schema metadata."""
    import pyarrow
    import pyarrow.parquet

    columns = {}
    for name in frame:
        values = frame[name]
        array = pyarrow.array(values, from_pandas=True)
        if pyarrow.types.is_floating(array.type):
            array = pyarrow.array(kept(array.to_numpy(zero_copy_only=False)), pyarrow.float64(), from_pandas=True)
        elif pyarrow.types.is_dictionary(array.type):
            array = array.cast(pyarrow.string())
        elif pyarrow.types.is_large_string(array.type):
            array = array.cast(pyarrow.string())
        elif pyarrow.types.is_null(array.type):
            array = array.cast(pyarrow.string())
        columns[name] = array
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer, compression="zstd", store_schema=False)
    write_bytes(path, buffer.getvalue())


def kept(values: "numpy.ndarray") -> "numpy.ndarray":
    """Floats rounded to 13 significant digits, as ``float(f"{v:.13g}")`` rounds each; NaN stays, -0.0 becomes 0.0.

    The scaled value is off by less than 0.002 from the exact one, so a fraction further than that from one half rounds
    as the exact one does; and the quotient of two whole numbers below 2**53 and 10**23 is the float nearest to the
    decimal number. What is nearer to one half, or too large or small for that, goes through its text.
    """
    import numpy

    exact = numpy.array([float(f"1e{n}") for n in range(23)])
    values = numpy.asarray(values, dtype="float64")
    rounded = numpy.full(values.shape, numpy.nan)
    with numpy.errstate(all="ignore"):
        above = KEPT - 1 - numpy.floor(numpy.log10(numpy.abs(values)))  # decimals after the point
        power = exact[numpy.nan_to_num(numpy.clip(above, 0, 22)).astype("int64")]
        scaled = numpy.abs(values) * power
        whole = numpy.rint(scaled)
        sure = (above >= 0) & (above <= 22) & (whole >= 10 ** (KEPT - 1)) & (whole <= 10**KEPT)
        sure &= numpy.abs(numpy.abs(scaled - whole) - 0.5) > 0.01
        rounded[sure] = numpy.copysign(whole / power, values)[sure]
    rounded[values == 0] = 0.0
    rest = ~sure & (values != 0) & ~numpy.isnan(values)
    rounded[rest] = [float(f"{value:.{KEPT}g}") for value in values[rest].tolist()]
    return rounded


def read_table(path: str | Path, categories: Sequence[str] = ()) -> "pandas.DataFrame":
    """Read a Parquet table as a pandas frame; text is ``str`` (or one of few ``categories``), missing text NaN."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path, partitioning=None, read_dictionary=list(categories)).to_pandas()


def read_columns(path: str | Path) -> dict[str, list]:
    """Read a Parquet table as plain lists, without pandas (for commands that must start fast)."""
    from pyarrow.parquet import ParquetFile  # read_table would import pandas through pyarrow.dataset

    return ParquetFile(path).read().to_pydict()


def read_coded(path: str | Path, columns: Sequence[str] | None = None, threads: bool = True) -> "pyarrow.Table":
    """A Parquet table, or some columns of it, without pandas; texts are numbers into a dictionary of them.

    ``threads``: read columns side by side, which takes longer for small tables.
    """
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(path)
    texts = [field.name for field in file.schema_arrow if str(field.type) == "string"]
    coded = ParquetFile(path, metadata=file.metadata, read_dictionary=texts).read(columns, use_threads=threads)
    return coded.unify_dictionaries().combine_chunks()


def plain(column: "pyarrow.ChunkedArray") -> list:
    """The values of a column, or its texts; of numbers into a dictionary ``to_pylist`` alone is slow."""
    import pyarrow

    return (column.cast("string") if pyarrow.types.is_dictionary(column.type) else column).to_pylist()


def read_rows(
    path: str | Path, column: str, among: "Collection | numpy.ndarray", columns: Sequence[str] | None = None
) -> "pyarrow.Table":
    """The rows of a Parquet table whose text or whole number in a column is one of these, as ``read_coded`` gives them.

    ``columns``: those wanted beside it; None: all. Raises ValueError when there is no such column.
    """
    import numpy
    import pyarrow

    table = read_coded(path, columns and [column, *columns])
    if column not in table.column_names:
        raise ValueError(f"no column {column}")
    values = table.column(column).combine_chunks()
    wanted: numpy.ndarray | list[int] = numpy.asarray(among if isinstance(among, numpy.ndarray) else list(among))
    if pyarrow.types.is_dictionary(values.type):
        wanted = [at for at, text in enumerate(values.dictionary.to_pylist()) if text in among]
        values = values.indices
    is_wanted = numpy.packbits(numpy.isin(numpy.from_dlpack(values), wanted), bitorder="little")
    # by dlpack and buffers: to_numpy and pyarrow.array would import pandas
    return table.filter(pyarrow.Array.from_buffers(pyarrow.bool_(), len(values), [None, pyarrow.py_buffer(is_wanted)]))
