"""What a validation writes: the typed tables, the places of their rows, and what became of every row."""

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from omtrace import store
from omtrace.provenance.keys import SHIFT, Place, key_of, number_of
from omtrace.readers import Places
from omtrace.schemas import UNIT, Table
from omtrace.validation.catalogue import RULES
from omtrace.validation.findings import WORST, Finding
from omtrace.validation.work import WITHHELD, Source, Work

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow
    from numpy.typing import ArrayLike

PLACES = ["key", "export", "part", "first_line", "last_line", "column"]
WHOLE = ("key", "first_line", "last_line")  # whole numbers
ORDER = {rule.id: at for at, rule in enumerate(RULES)}
CROSS = ORDER["allowed"] + 0.5  # rules over several columns come after those over one


def row_names(works: Iterable[Work]) -> dict[tuple[str, int], tuple[str, str, str]]:
    """Table and key -> unit, visit, and whatever else names the row, of each row that a finding names."""
    names: dict[tuple[str, int], tuple[str, str, str]] = {}
    for work in works:
        keys = sorted({f.key for f in work.findings if f.key})
        further = [column for column in work.table.key if column not in (UNIT, "visit")]
        rows = work.frame.reindex(keys)[further].astype("str")
        texts = (
            "; ".join(f"{c}={v}" for c, v in zip(further, row, strict=True) if isinstance(v, str) and v != "<NA>")
            for row in rows.itertuples(index=False, name=None)
        )
        hidden = _withheld(work, UNIT), _withheld(work, "visit"), any(_withheld(work, column) for column in further)
        for key, name, text in zip(keys, _names(work, keys), texts, strict=True):
            shown = (WITHHELD if hide and part else part for part, hide in zip((*name, text), hidden, strict=True))
            names[work.name, key] = tuple(shown)  # type: ignore[assignment]
    return names


def _withheld(work: Work, column: str) -> bool:
    """Whether a column of the table is made of one that seems to hold direct identifiers."""
    parts = work.plan.unit if column == UNIT and work.plan.unit else work.plan.joined.get(column, ())
    return any({work.plan.raw(column), *parts} & source.withheld for source in work.sources.values())


def _names(work: Work, keys: list[int]) -> list[tuple[str, str]]:
    """Unit and visit of rows, "" where there is none."""
    rows = work.frame.reindex(keys)
    columns = [
        [value if isinstance(value, str) else "" for value in rows[name]] if name in rows else [""] * len(keys)
        for name in (UNIT, "visit")
    ]
    return list(zip(*columns, strict=True))


def quarantined(works: Iterable[Work]) -> "pandas.DataFrame":
    """Quarantined rows, one line a reason, primary first: key, table, rule, column, severity, unit_id, visit."""
    import pandas

    rows: list[tuple] = []
    for work in works:
        found = [f for f in work.findings if f.severity == "quarantine" and f.key in work.gone]
        found.sort(key=lambda f: (f.key, ORDER.get(f.rule, CROSS)))
        names = _names(work, [f.key for f in found])
        rows += [(f.key, work.name, f.rule, f.column, f.severity, *n) for f, n in zip(found, names, strict=True)]
    columns = ["key", "table", "rule", "column", "severity", UNIT, "visit"]
    return pandas.DataFrame(rows, columns=columns).astype({"key": "int64"})


def write_counts(findings: Iterable[Finding], path: Path) -> None:
    """Write how many cells each rule found, without places or values."""
    counts = Counter((f.severity, f.rule, f.file, f.table, f.column) for f in findings)
    worst_first = sorted(counts.items(), key=lambda item: (WORST[item[0][0]], *item[0]))
    rows = [(*group, number) for group, number in worst_first]
    store.write_csv(path, ("severity", "rule", "file", "table", "column", "cells"), rows)


def write(
    works: Iterable[Work], quarantine: "pandas.DataFrame", folder: str | Path, further: "pandas.DataFrame | None" = None
) -> None:
    """Write the validated tables, places, quarantine, gaps, repairs, decisions and the conservation of rows.

    ``further``: the places of rows that were not read, as ``places_of`` gives those of the others.
    """
    import pandas

    folder, works = Path(folder), list(works)
    counts, gaps, repairs = [], [], []
    decisions: dict[str, dict[str, str]] = {}
    with ThreadPoolExecutor(max_workers=2) as beside:
        written = [beside.submit(store.write_table, folder / "places.parquet", _places(works, further))]
        for work in works:
            lost = set(quarantine.loc[quarantine["table"] == work.name, "key"])
            kept = _without(work.frame, lost)
            typed = dates_as_text(kept, work.table).rename_axis("key").reset_index()
            written.append(beside.submit(store.write_table, folder / f"{work.name}.parquet", typed))
            counts.append(_conserved(work, len(kept), len(lost)))
            gaps += [(key, work.name, column, says) for key, column, says in work.gaps]
            repairs += [(work.name, *made) for made in work.repairs]
            for source in work.sources.values():
                decided = decisions.setdefault(source.export.path, {})
                others = decided.get("reader", work.plan.reader).split(", ")
                decided.update(source.extract.decisions, reader=", ".join(sorted({*others, work.plan.reader})))
        for one in written:
            one.result()
    frame = pandas.DataFrame(gaps, columns=["key", "table", "column", "says"]).astype({"key": "int64"})
    store.write_table(folder / "gaps.parquet", frame)
    store.write_table(folder / "quarantine.parquet", quarantine)
    store.write_json(folder / "decisions.json", decisions)
    header = ("table", "rows_in", "rows_out", "quarantined", "out_of_scope", "reasons")
    store.write_csv(folder / "conservation.csv", header, counts)
    store.write_csv(folder / "repairs.csv", ("table", "column", "change", "reason", "cells"), repairs)


def dates_as_text(frame: "pandas.DataFrame", table: Table) -> "pandas.DataFrame":
    """A typed frame with its dates in the ISO form, in which validated tables hold them."""
    import pyarrow

    dates = [column.name for column in table.columns if column.kind == "date"]
    texts = {
        name: pyarrow.array(frame[name], from_pandas=True).cast(pyarrow.date32()).cast(pyarrow.string()).to_pandas()
        for name in dates
    }
    return frame.assign(**{name: text.set_axis(frame.index) for name, text in texts.items()})


def _without(frame: "pandas.DataFrame", keys: set[int]) -> "pandas.DataFrame":
    return frame[~frame.index.isin(keys)] if keys else frame


class Conserved(NamedTuple):
    """Rows of a table by fate: in = out + quarantined + out of scope, and why they are out of scope."""

    table: str
    rows_in: int
    rows_out: int
    quarantined: int
    out_of_scope: int
    reasons: str


def _conserved(work: Work, kept: int, lost: int) -> Conserved:
    """What became of a table's rows, as a row of the counts. Raises AssertionError where one is gone, or is twice."""
    out_of_scope, rows_in = work.out_of_scope, sum(work.rows_in.values())
    outside = sum(out_of_scope.values())
    if rows_in != kept + lost + outside:
        raise AssertionError(f"{work.name}: {rows_in} rows in, {kept} + {lost} + {outside} out")
    reasons = "; ".join(f"{reason}: {n}" for reason, n in sorted(out_of_scope.items()))
    return Conserved(work.name, rows_in, kept, lost, outside, reasons)


def _places(works: list[Work], further: "pandas.DataFrame | None") -> "pandas.DataFrame":
    """Where every row of every table stands, quarantined and broken ones included, by key."""
    import pandas

    frame = places_of(works)
    if further is not None and len(further):
        frame = pandas.concat([frame, further]) if len(frame) else further
    frame = frame.iloc[frame["key"].to_numpy().argsort(kind="stable")].reset_index(drop=True)
    if frame["key"].duplicated().any():
        frame = frame.drop_duplicates().reset_index(drop=True)
        if frame["key"].duplicated().any():
            raise AssertionError(
                "one key names two places: tables read one export in ways that count its rows differently"
            )
    return frame


def places_of(works: Iterable[Work]) -> "pandas.DataFrame":
    """Where the rows stand that were read, broken ones included; a row that two tables read may be there twice."""
    import numpy
    import pyarrow

    works = list(works)
    # by the extract: tables may read one file in several ways
    wanted: dict[int, tuple[Source, list[numpy.ndarray]]] = {}
    columns: dict[str, list[pyarrow.Array]] = {name: [] for name in PLACES}
    for work in works:
        keys = work.keys if work.read is None else work.read
        read = [source for source in work.sources.values() if not source.from_part]
        bounds = numpy.array([source.export.number for source in read], dtype="int64")
        starts = numpy.searchsorted(keys, bounds << SHIFT)  # keys rise, and so do their files
        ends = numpy.searchsorted(keys, (bounds + 1) << SHIFT)
        for source, start, end in zip(read, starts.tolist(), ends.tolist(), strict=True):
            wanted.setdefault(id(source), (source, []))[1].append(keys[start:end])
        for number, broken in _by_file(work.broken).items():
            _add(
                columns,
                work.sources[number].export.path,
                [key_of(number, place.ordinal) for place in broken],
                Places.of(broken),
                slice(None),
            )
    for source, several in wanted.values():
        keys = several[0] if len(several) == 1 else numpy.unique(numpy.concatenate(several))
        places, mine = source.extract.places, source.keys()
        at = slice(None) if len(keys) == len(mine) else numpy.searchsorted(mine, keys)
        _add(columns, source.export.path, keys, places, at)
    kinds = {name: pyarrow.int64() if name in WHOLE else pyarrow.string() for name in PLACES}
    whole = {name: pyarrow.chunked_array(columns[name], kind) for name, kind in kinds.items()}
    return pyarrow.table(whole).to_pandas()


def _by_file(broken: Mapping[int, Place]) -> dict[int, list[Place]]:
    """Register number -> the places of the rows that never became rows."""
    files: dict[int, list[Place]] = {}
    for key, place in broken.items():
        files.setdefault(number_of(key), []).append(place)
    return files


def _add(
    columns: "dict[str, list[pyarrow.Array]]",
    path: str,
    keys: "ArrayLike",
    places: Places,
    rows: "numpy.ndarray | slice",
) -> None:
    """Add the places of some rows of a file (positions, or all) to the columns."""
    import numpy
    import pyarrow

    keys = numpy.asarray(keys, dtype="int64")
    columns["key"].append(pyarrow.array(keys))
    columns["export"].append(pyarrow.repeat(path, len(keys)))
    for name, lines in (("first_line", places.first_lines), ("last_line", places.last_lines)):
        columns[name].append(pyarrow.array(numpy.asarray(lines, dtype="int64")[rows]))
    for name, texts in (("part", places.parts), ("column", places.columns)):
        if isinstance(texts, str):
            columns[name].append(pyarrow.repeat(texts, len(keys)))
        else:
            array = pyarrow.array(texts, type=pyarrow.string())
            columns[name].append(array if isinstance(rows, slice) else array.take(pyarrow.array(rows)))
