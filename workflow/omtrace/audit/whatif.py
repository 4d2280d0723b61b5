"""``omtrace whatif``: numbers and conclusions if a cell held something else, or a row, unit or batch were not there.

The raw files are copied, the copy is edited, and the study is computed anew from it: what comes out is what a run would
give. Nothing of the study is touched.
"""

import csv
import hashlib
import io
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from omtrace.audit.compare import Comparison, State, compared
from omtrace.audit.rerun import Partly, rerun
from omtrace.audit.sides import Side, check_run
from omtrace.faults import Fault, nearest
from omtrace.model.estimate import Estimate
from omtrace.model.folders import Folders
from omtrace.model.plan import Plan
from omtrace.model.register import Export, exports_of
from omtrace.model.statistics import Role, statistic_of
from omtrace.provenance.keys import number_of
from omtrace.provenance.recorded import RESULTS
from omtrace.readers._delimited import DELIMITERS
from omtrace.readers._text import BOMS, UNMARKED, Encoding
from omtrace.readers.lookup import check_registered
from omtrace.store import read_coded, read_json, read_table

if TYPE_CHECKING:
    import numpy

# Encodings as readers tell them -> Python's, which take a byte-order mark off and put it back.
ENCODINGS = {name: name for name in get_args(Encoding) if name}
ENCODINGS |= {"UTF-8": "utf-8", "CP1252": "cp1252", "Latin-1": "latin-1"}
ENCODINGS |= {says.partition(" (")[0]: name for _, name, says in UNMARKED}
ENCODINGS |= {says: "utf-8-sig" if name == "utf-8" else name for _, name, says in BOMS}
LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$")
CRLF = "\r\n"
SHOWN = 30  # numbers listed
USUAL_LEVEL = 0.95  # of intervals, where an analysis says nothing else


@dataclass(frozen=True)
class Change:
    """A hypothetical change: the text of a cell, or a row that is not there (``text`` None, ``column`` "")."""

    path: str
    line: int
    column: str = ""
    text: str | None = None


@dataclass(frozen=True)
class Question:
    """All that is to be otherwise: cells and rows, units and batches that are not there."""

    changes: tuple[Change, ...] = ()
    units: tuple[str, ...] = ()
    batches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flip:
    """A conclusion that is another one: of which number, with its old and new words."""

    id: str
    name: str
    old: str
    new: str
    role: str


@dataclass(frozen=True)
class Answer:
    """The numbers before and after, and the conclusions that flip, those of primary analyses first."""

    comparison: Comparison
    flips: list[Flip] = field(default_factory=list)


def parse_change(text: str) -> Change:
    """The change that ``PATH:LINE:COLUMN=TEXT`` or ``PATH:LINE`` says. Raises Fault for anything else."""
    address, mark, value = text.partition("=")
    path, _, rest = address.partition(":")
    line, _, column = rest.partition(":")
    if not path or not line.isdigit() or bool(mark) != bool(column):
        raise Fault(f"{text!r}: a cell is PATH:LINE:COLUMN=TEXT, a row PATH:LINE")
    return Change(path, int(line), column, value if mark else None)


def whatif(
    plan: Plan, exports: Sequence[Export], question: Question, folders: Folders, root: str | Path = "."
) -> Answer:
    """Compute a study with something otherwise, and compare it with its stored results.

    Parameters
    ----------
    plan
        The whole plan of a study that has run.
    exports
        The register's rows.
    question
        What is to be otherwise.
    folders
        Where raw files lie.
    root
        The folder that holds results/.

    Raises
    ------
    Fault
        For a cell, row, unit or batch that there is not, for files that cannot be edited by line, where a run would
        stop, and where the study has not run.
    """
    check_run(plan.study, root)
    start = folders.start(root)
    mine = exports_of(exports, plan.study)
    if unknown := [b for b in question.batches if b not in {e.batch for e in mine}]:
        known = sorted({e.batch for e in mine} - {""})
        raise Fault(*(f"{batch!r}: no batch of {plan.study}{nearest(batch, known)}" for batch in unknown))
    left = [e for e in exports if e.study != plan.study or e.batch not in question.batches or not e.batch]
    changes = [*question.changes, *_rows_of_units(plan, question.units, mine, root)]
    with ExitStack() as shelf:
        copy = Path(shelf.enter_context(tempfile.TemporaryDirectory(prefix="omtrace-")))
        edited = _edited(plan, left, changes, start, copy, Path(root) / RESULTS / plan.study)
        before, after = Side("as it is", plan.study, Path(root)), Side("whatif", plan.study, copy)
        made = list[str]()

        def affected(whole: Plan, datasets: Path) -> Plan:
            kept = {name: whole.analyses[name] for name in affected_analyses(whole, before, datasets)}
            made.extend(kept)
            return whole.model_copy(update={"analyses": kept})

        rerun(plan, edited, copy, after.folder, Partly(before.folder, affected))
        again = after.numbers if made else {}
        others = {number: row for number, row in before.numbers.items() if row.analysis not in made}
        after.__dict__["numbers"] = {**others, **again}
        comparison = compared(before, after, with_causes=False)  # which is the question itself
        return Answer(comparison, flips_of(comparison, before, after))


def affected_analyses(plan: Plan, old: Side, new: Path) -> list[str]:
    """The analyses that a record reaches which differs, and those that these rest on, in the plan's order.

    Parameters
    ----------
    plan
        The whole plan.
    old
        The stored results; the row sets of their numbers say which records an analysis hangs on.
    new
        The folder of the other data sets.
    """
    from omtrace.analyses.run import rests_on, with_those_below

    changed = {name: _changed_records(old.folder / "datasets", new, name) for name in plan.datasets}
    others = {name: rests_on(plan, name) for name in plan.analyses}
    reached, known = _reached(old.folder, changed), {row.analysis for row in old.numbers.values()}
    own = {row.analysis for row in old.numbers.values() if row.rowset in reached}
    found: dict[str, bool] = {}

    def is_affected(name: str) -> bool:
        if name not in found:
            is_own = name in own or name not in known or changed[plan.analyses[name].dataset] is None
            found[name] = is_own or any(is_affected(other) for other in others[name])
        return found[name]

    return with_those_below(plan, filter(is_affected, plan.analyses))


def _reached(folder: Path, changed: "Mapping[str, numpy.ndarray | None]") -> set[str]:
    """The row sets that name any of the changed records of their data sets, used or left out."""
    import numpy

    table = read_coded(folder / "rowsets.parquet", ["rowset", "dataset", "record"])
    record = table.column("record").to_numpy()
    dataset, rowset = (table.column(name).chunk(0) for name in ("dataset", "rowset"))
    reached = set[str]()
    for code, name in enumerate(dataset.dictionary.to_pylist()):
        if (records := changed[name]) is not None:
            there = (dataset.indices.to_numpy() == code) & numpy.isin(record, records)
            codes = numpy.unique(rowset.indices.to_numpy()[there])
            reached |= set(rowset.dictionary.take(codes).to_pylist())
    return reached


def _changed_records(old: Path, new: Path, name: str) -> "numpy.ndarray | None":
    """The numbers of the records that differ; None where they cannot be told apart by analysis.

    That is so where the units themselves differ, and where all values of a parameter become very small, or cease to be.
    """
    from omtrace.analyses.run import fine_parameters

    names = ["record", "unit", "parameter", "visit"]
    before, after = (read_table(folder / f"{name}.parquet") for folder in (old, new))
    if not before[names].equals(after[names]) or fine_parameters(before) != fine_parameters(after):
        return None
    differs = ((before != after) & ~(before.isna() & after.isna())).any(axis=1)
    return before.loc[differs, "record"].to_numpy()


def _rows_of_units(plan: Plan, units: Iterable[str], exports: Sequence[Export], root: str | Path) -> list[Change]:
    """The raw rows of units, in every table. Raises Fault for a unit that has none."""
    if not (wanted := set(units)):
        return []
    folder = Path(root) / RESULTS / plan.study / "validated"
    places = read_table(folder / "places.parquet").set_index("key")
    paths = {export.number: export.path for export in exports}
    changes: dict[tuple[str, int], None] = {}
    known, found = set(), set()
    for name in plan.tables:
        frame = read_table(folder / f"{name}.parquet")
        if "unit_id" not in frame:
            continue
        known |= set(frame["unit_id"].dropna())
        mine = frame[frame["unit_id"].isin(wanted)]
        found |= set(mine["unit_id"])
        for key in mine["key"]:
            changes[paths[number_of(key)], int(places.loc[key, "first_line"])] = None
    if missing := sorted(wanted - found):
        raise Fault(*(f"{unit!r}: no unit of {plan.study}{nearest(unit, sorted(known))}" for unit in missing))
    return [Change(path, line) for path, line in changes]


def _edited(
    plan: Plan, exports: Sequence[Export], changes: Sequence[Change], start: Path, copy: Path, folder: Path
) -> list[Export]:
    """The register's rows for a copy of the raw files with the changes made."""
    by_path: dict[str, list[Change]] = {}
    for change in changes:
        by_path.setdefault(change.path, []).append(change)
    mine = exports_of(exports, plan.study)
    if unknown := sorted(by_path.keys() - {export.path for export in mine}):
        raise Fault(*(f"{path}: no raw file that {plan.study} reads" for path in unknown))
    decisions = read_json(folder / "validated/decisions.json")
    rows = []
    for export in mine:
        check_registered(export, start)
        content = (start / export.path).read_bytes()
        if export.path in by_path:
            content = edited(content, by_path[export.path], _layout(decisions, export.path))
        target = copy / export.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        rows.append(replace(export, sha256=hashlib.sha256(content).hexdigest()))
    return rows


@dataclass(frozen=True)
class Layout:
    """How a delimited file is written: its encoding, its delimiter, and the line of its header."""

    encoding: str
    delimiter: str
    header_line: int = 1


def _layout(decisions: Mapping[str, Mapping[str, str]], path: str) -> Layout:
    """The layout of a file, as the run found it. Raises Fault for a file that is no delimited text."""
    decided = decisions.get(path, {})
    names = {name: mark for mark, name in DELIMITERS.items()}
    delimiter = names.get(str(decided.get("delimiter", "")).split(" (")[0])
    encoding = ENCODINGS.get(str(decided.get("encoding", "")).split(" (")[0])
    if delimiter is None or encoding is None:
        raise Fault(f"{path}: cells and rows of delimited text (CSV) alone can be thought otherwise, not of this file")
    return Layout(encoding, delimiter, int(str(decided.get("header line", "1")).split(" (")[0]))


def edited(content: bytes, changes: Sequence[Change], layout: Layout) -> bytes:
    """A delimited text with cells changed and rows left out; every other byte stays.

    Raises Fault for a line or a column that is not there.
    """
    text = content.decode(layout.encoding)
    records = _records(text, layout.delimiter)
    columns = next((cells for first, _, cells in records if first == layout.header_line), [])
    by_line = {line: at for at, (first, last, _) in enumerate(records) for line in range(first, last + 1)}
    lines = LINE.findall(text)
    for change in changes:
        where = f"{change.path}, line {change.line}"
        if change.line <= layout.header_line or change.line not in by_line:
            raise Fault(f"{where}: no row of data stands there")
        first, last, cells = records[by_line[change.line]]
        if change.text is None:
            lines[first - 1 : last] = [""] * (last - first + 1)
            continue
        if change.column not in columns:
            raise Fault(f"{where}: no column {change.column!r}{nearest(change.column, columns)}")
        cells[columns.index(change.column)] = change.text
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=layout.delimiter, lineterminator=CRLF).writerow(cells)  # quotes what holds either
        end = lines[last - 1][len(lines[last - 1].rstrip("\r\n")) :]
        lines[first - 1 : last] = [buffer.getvalue().removesuffix(CRLF) + end, *[""] * (last - first)]
    return "".join(lines).encode(layout.encoding)


def _records(text: str, delimiter: str) -> list[tuple[int, int, list[str]]]:
    """First and last physical line and cells of each record."""
    reader = csv.reader(LINE.findall(text), delimiter=delimiter)
    records, before = [], 0
    for cells in reader:
        records.append((before + 1, reader.line_num, cells))
        before = reader.line_num
    return records


def flips_of(comparison: Comparison, before: Side, after: Side) -> list[Flip]:
    """The conclusions that are another one: a p value on the other side of its level, a decision, an effect's sign."""
    flips = []
    for number in comparison.numbers:
        old, new = before.numbers.get(number.id), after.numbers.get(number.id)
        if number.state is State.IDENTICAL or old is None:
            continue
        words = [conclusion(row, side) if row else "not computed" for row, side in ((old, before), (new, after))]
        if words[0] and words[0] != words[1]:
            role = str(before.definitions.get(old["definition"], {}).get("role", ""))
            flips.append(Flip(number.id, number.name, words[0], words[1], role))
    return sorted(flips, key=lambda flip: flip.role != "primary")  # stable


def conclusion(row: Estimate, side: Side) -> str:
    """What a number concludes, in words; "" for one that concludes nothing, as a mean."""
    statistic = statistic_of(row.statistic)
    if statistic.codes:
        return statistic.codes[int(row.value)] if row.text else "none"
    if statistic.role is Role.P_VALUE and statistic.claims:
        options = side.definitions.get(row.definition, {}).get("options", {})
        level = options.get("level")
        alpha = round(1 - (level if isinstance(level, float) and level > 0.5 else USUAL_LEVEL), 10)
        return "no p value" if not row.text else f"p {'<' if row.value < alpha else '>='} {alpha:g}"
    return ""


def lines_of(answer: Answer, every: bool = False) -> list[str]:
    """The answer as lines for people: conclusions that flip, then numbers that change."""
    comparison = answer.comparison
    counts = ", ".join(f"{count:,} {state}" for state, count in comparison.counts.items() if count)
    lines = [f"{comparison.study}: {len(comparison.numbers):,} numbers: {counts}", ""]
    lines.append("Conclusions that flip:" if answer.flips else "No conclusion flips.")
    lines += [f"  {f.id}  {f.name}: {f.old} -> {f.new}{' (primary)' * (f.role == 'primary')}" for f in answer.flips]
    numbers = comparison.differing
    shown = numbers if every else numbers[:SHOWN]
    lines += ["", "Numbers that change:"] if numbers else []
    lines += [f"  {n.id}  {n.name}: {n.old or 'none'} -> {n.new or 'none'}" for n in shown]
    if len(numbers) > len(shown):
        lines.append(f"  and {len(numbers) - len(shown):,} more (--all shows them)")
    return lines


def document(answer: Answer) -> dict[str, object]:
    """The answer as plain values."""
    parts = ("id", "name", "state", "old", "new")
    numbers = [{part: getattr(number, part) for part in parts} for number in answer.comparison.differing]
    counts, flips = answer.comparison.counts, [asdict(flip) for flip in answer.flips]
    return {"study": answer.comparison.study, "counts": counts, "flips": flips, "numbers": numbers}
