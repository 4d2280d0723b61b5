"""A trace as readable text, at most 100 columns wide. Nothing is cut: what is too long is wrapped."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from omtrace.analyses._shown import shown
from omtrace.model.statistics import STATISTICS

if TYPE_CHECKING:
    from omtrace.audit.forward import FileOfResults, Forward
    from omtrace.audit.raw_files import Place, RawCell, RawFileBehind
    from omtrace.audit.trace import Counts, LeftOutRecord, Listing, UsedRecord, Way

Row = TypeVar("Row")
WIDTH = 100
INDENT = "  "
SHORTEST = 6
GAP = 2


def printable(value: object) -> str:
    """A value as one line without control characters, so that no raw cell can steer a terminal."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else repr(text)[1:-1]


def table(header: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[str] = ()) -> list[str]:
    """Rows under their header in aligned columns; columns that are empty throughout are dropped.

    ``right`` names the columns that are flush right.
    """
    columns = [[printable(value) for value in column] for column in zip(*rows, strict=True)]
    columns_shown = [i for i, column in enumerate(columns) if any(column)]
    grid = [[header[i], *columns[i]] for i in columns_shown]
    widths = _widths(grid)
    flush = [header[i] in right for i in columns_shown]
    if any(max(map(len, column)) > width for column, width in zip(grid, widths, strict=True)):
        return [line for row in zip(*grid, strict=True) for line in _lines(row, widths, flush)]
    padded = [
        [cell.rjust(width) if is_right else cell.ljust(width) for cell in column]
        for column, width, is_right in zip(grid, widths, flush, strict=True)
    ]
    return [(INDENT + (" " * GAP).join(cells)).rstrip() for cells in zip(*padded, strict=True)]


def _widths(grid: list[list[str]]) -> list[int]:
    """Natural widths of columns; the widest give way until a row fits."""
    widths = [max(map(len, column)) for column in grid]
    room = WIDTH - len(INDENT) - GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths) > SHORTEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _lines(row: Sequence[str], widths: list[int], flush: list[bool]) -> list[str]:
    parts = [
        [cell] if len(cell) <= width else textwrap.wrap(cell, width) for cell, width in zip(row, widths, strict=True)
    ]
    lines = []
    for i in range(max((len(part) for part in parts), default=0)):
        cells = [part[i] if i < len(part) else "" for part in parts]
        shown = [c.rjust(w) if f else c.ljust(w) for c, w, f in zip(cells, widths, flush, strict=True)]
        lines.append((INDENT + (" " * GAP).join(shown)).rstrip())
    return lines


def fields(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """Names and values, line by line; empty values are dropped."""
    shown = [(name, printable(value)) for name, value in pairs if value not in ("", None)]
    left = max((len(name) for name, _ in shown), default=0)
    lines = []
    for name, value in shown:
        wrapped = textwrap.wrap(value, WIDTH - len(INDENT) - left - GAP) or [""]
        lines.append(f"{INDENT}{name.ljust(left)}{' ' * GAP}{wrapped[0]}")
        lines += [" " * (len(INDENT) + left + GAP) + line for line in wrapped[1:]]
    return lines


def flat(value: object, name: str = "") -> list[tuple[str, object]]:
    """A nested value as dotted names and plain values."""
    if isinstance(value, dict):
        return [pair for key in value for pair in flat(value[key], f"{name}.{key}".lstrip("."))]
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return [(name, ", ".join(str(item) for item in value))]
    if isinstance(value, list):
        return [pair for i, item in enumerate(value, 1) for pair in flat(item, f"{name}.{i}")]
    return [(name, value)]


def trace_text(way: "Way | Listing | Forward", limit: int = 0) -> str:
    """What was traced, as text. ``limit``: rows of each table; 0: all."""
    if not isinstance(way, dict):
        return forward_text(way, limit)
    return way_text(way, limit) if "counts" in way else listing(way)


def listing(result: "Listing") -> str:
    """The numbers of a result, line by line."""
    title = f"{result['study']} {result['result']}".strip()
    rows = [(n["id"], n["value"], n["unit"], n["name"]) for n in result["numbers"]]
    return "\n".join(
        [
            f"{title}: {_many(len(rows), 'number')}",
            *(_file_lines(result["file"]) if "file" in result else []),
            *table(("id", "value", "unit", "name"), rows, ("value",)),
        ]
    )


def _file_lines(file: "FileOfResults") -> list[str]:
    """What a file of results is."""
    states = {True: "as its stage made it", False: "NOT as its stage made it", None: ""}
    pairs = [
        ("made by stage", file["stage"]),
        ("made of", ", ".join(file["made_of"])),
        ("sha256", file["sha256"]),
        ("state", states[file["is_as_made"]]),
    ]
    return fields(pairs)


def forward_text(forward: "Forward", limit: int = 0) -> str:
    """What rests on raw cells. ``limit``: numbers shown; the rest is counted; 0: all."""
    numbers = forward.numbers
    counts = (_many(forward.cells, "cell"), _many(forward.records, "record"), _many(len(numbers), "number"))
    shown = numbers[:limit] if limit else numbers
    rows = [(n["id"], n["use"], n["value"], n["unit"], n["name"]) for n in shown]
    more = [f"{INDENT}and {len(numbers) - len(shown)} more (--limit 0 shows them)"] if len(shown) < len(numbers) else []
    blocks = [
        [f"{forward.study}, {printable(forward.source)}: {counts[0]}, behind {counts[1]} and {counts[2]}"],
        ["Numbers", *table(("id", "use", "value", "unit", "name"), rows, ("value",)), *more],
        ["Tables, as omtrace export numbers them", *(INDENT + printable(name) for name in forward.tables)],
        ["Figures", *(INDENT + name for name in forward.figures)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if len(block) > 1 or block is blocks[0])


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def way_text(way: "Way", limit: int = 0) -> str:
    """The way back of one number as text: a summary, then everything from the estimate to the raw cells.

    ``limit``: rows of each table; the rest is counted. 0: all.
    """
    title = f"{way['study']}  {way['estimate']['id']}  {printable(way['name'])}"
    blocks = [
        [line for alarm in _alarms(way) for line in _wrapped(alarm)],
        _wrapped(title),
        ["Summary", *_summary(way)],
        ["Estimate", *fields(_read(way["estimate"]))],
        ["Analysis call", *fields(flat(_call(way)))],
        _records(way["records"], limit),
        _left_out(way["left_out"], limit),
        ["Raw files" if way["files"] else "Raw files: none"],
        *(_file(file, limit) for file in way["files"]),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _summary(way: "Way") -> list[str]:
    """The number, the analysis, what was used and left out, and the state of the raw files."""
    number, call, files = way["estimate"], way["call"], way["files"]
    word = f" ({shown(number['value'], 0, number['statistic'])})" if _is_code(number) else ""
    method = call.get("method", "") if isinstance(call, dict) else ""
    changed = sum(not file["is_same"] for file in files)
    state = f"{changed} not as registered" if changed else "as registered"
    cells = _many(sum(len(file["cells"]) for file in files), "raw cell")
    return fields(
        [
            ("value", f"{number['value'] or 'none'} {number['unit']}".rstrip() + word),
            ("analysis", f"{number['analysis']}" + (f", by {method}" if method else "")),
            ("analysis set", number["population"]),
            *_counts(way["counts"]),
            ("raw files", f"{_many(len(files), 'file')}, {state}; {cells}" if files else "none"),
        ]
    )


def _read(number: dict[str, str]) -> Iterable[tuple[str, str]]:
    """The fields of a number, with the word that its value stands for, if it stands for one."""
    for name, text in number.items():
        yield name, text
        if name == "value" and _is_code(number):
            yield "reads", shown(text, 0, number["statistic"])


def _is_code(number: dict[str, str]) -> bool:
    """Whether the value of a number is a code that stands for a word."""
    return number["statistic"] in STATISTICS and bool(STATISTICS[number["statistic"]].codes)


def _call(way: "Way") -> dict[str, object]:
    """The analysis call; of several parameters analysed, only the number's own is shown."""
    call, own = way["call"], way["estimate"]["parameter"]
    if not isinstance(call, dict):
        return {"call": call}
    shown = call.get("parameters")
    return {**call, "parameters": {own: shown[own]}} if isinstance(shown, dict) and own in shown else call


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=INDENT)


def _alarms(way: "Way") -> list[str]:
    """Warnings about changed results and raw files, which come first."""
    lines = [f"!!! RESULT CHANGED SINCE IT WAS MADE: {path}; omtrace verify" for path in way["changed_results"]]
    for file in way["files"]:
        if not file["path"]:
            lines.append(f"!!! RAW FILE NOT REGISTERED: number {file['number']} is not in the register (any more)")
        elif not file["found"]:
            lines.append(f"!!! RAW FILE MISSING: {file['path']}")
        elif not file["is_same"]:
            lines.append(f"!!! RAW FILE CHANGED: {file['path']} differs from the registered file")
    end = "!!! The number below does not follow from the raw files as they are."
    return [*lines, end] if lines else []


def _counts(counts: "Counts") -> list[tuple[str, str]]:
    used = f"{_many(counts['units_used'], 'unit')}, {_many(counts['records_used'], 'record')}"
    reasons = [("left out", f"{_many(units, 'unit')}: {why}") for why, units in counts["left_out_by_reason"].items()]
    return [("used", used), *(reasons or [("left out", "0 units")])]


def _first(rows: Sequence[Row], limit: int) -> Sequence[Row]:
    return rows[:limit] if limit else rows


def _more(rows: Sequence[object], limit: int) -> list[str]:
    """A line that counts the rows of a table behind the first."""
    more = len(rows) - limit
    hint = "(--limit 0 shows all, --unit those of one unit)"
    return [f"{INDENT}... and {more} more {hint}"] if limit and more > 0 else []


def _records(records: "list[UsedRecord]", limit: int) -> list[str]:
    header = ("record", "unit", "parameter", "visit", "role", "value", "status")
    is_all_observed = {r["status"] for r in records} == {"observed"}
    rows = [
        (
            r["record"],
            r["unit"],
            r["parameter"],
            r["visit"],
            r["role"],
            _value(r["value"]),
            "" if is_all_observed else r["status"],
        )
        for r in records
    ]
    datasets = [r["dataset"] for r in records]
    return _by_dataset("Records used", header, rows, datasets, limit) if records else ["Records used: none"]


def _left_out(records: "list[LeftOutRecord]", limit: int) -> list[str]:
    """One line for each unit and reason, with the values that are missing and the raw rows that say so."""
    if not records:
        return ["Left out: none"]
    units: dict[tuple[str, str, str], dict[str, None]] = {}
    for r in records:
        missing = units.setdefault((r["dataset"], r["unit"], r["reason"]), {})
        if r["status"] != "observed":
            rows = "; ".join(f"[{row['number']}] line {lines_text(row)}" for row in r["raw_rows"])
            status = "" if r["reason"].endswith(r["status"]) else f", {r['status']}"
            missing[f"{r['parameter']} {r['visit']}".strip() + status + (f", {rows}" if rows else "")] = None
    lines = [(unit, reason, "; ".join(missing)) for (_, unit, reason), missing in units.items()]
    datasets = [dataset for dataset, _, _ in units]
    return _by_dataset("Left out", ("unit", "reason", "without value, [raw file] line"), lines, datasets, limit)


def _by_dataset(
    title: str, header: Sequence[str], rows: Sequence[Sequence[object]], datasets: Sequence[str], limit: int
) -> list[str]:
    lines = []
    for name in dict.fromkeys(datasets):
        own = [row for row, dataset in zip(rows, datasets, strict=True) if dataset == name]
        right = ("record", "value")
        lines += [f"{title}, dataset {name}", *table(header, _first(own, limit), right), *_more(own, limit)]
    return lines


def _value(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else printable(value)


def _file(file: "RawFileBehind", limit: int) -> list[str]:
    name = file["path"] or "not in the register"
    if file["is_same"]:
        state = [f"{INDENT}sha256 {file['registered']}, as registered"]
    else:
        state = [
            f"{INDENT}sha256 {file['registered'] or '(none)'} registered",
            f"{INDENT}sha256 {file['found'] or '(no file)'} now: THE TEXTS ARE NOT SHOWN",
        ]
    header = ("key", "part", "line", "well", "column", "text", "role", "for")
    rows = [
        (
            c["key"],
            c["part"],
            lines_text(c),
            c["well"],
            c["column"],
            cell_text(c),
            ", ".join(c["roles"]),
            served(c),
        )
        for c in _first(file["cells"], limit)
    ]
    return [f"[{file['number']}] {name}", *state, *table(header, rows, ("line",)), *_more(file["cells"], limit)]


def lines_text(cell: "Place") -> str:
    """The physical lines of a cell's place."""
    first, last = cell["first_line"], cell["last_line"]
    return str(first) if first == last else f"{first}–{last}"


def cell_text(cell: "RawCell") -> str:
    """A cell's text, "(empty)" for an empty cell; nothing if the file is not the registered one."""
    return "" if cell["text"] is None else cell["text"] or "(empty)"


def served(cell: "RawCell") -> str:
    """The record that a cell serves, or their number."""
    return cell["records"][0] if len(cell["records"]) == 1 else _many(len(cell["records"]), "record")
