"""What a validation writes: the typed tables, the places of their rows, and what became of every row."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omtrace import store
from omtrace.checks.catalogue import RULES
from omtrace.checks.findings import WORST, Finding
from omtrace.checks.rules import confirm
from omtrace.checks.work import WITHHELD, Work
from omtrace.keys import number_of
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import pandas

PLACES = ["key", "export", "part", "first_line", "last_line", "column"]
ORDER = {rule.id: at for at, rule in enumerate(RULES)}
CROSS = ORDER["allowed"] + 0.5  # rules over several columns come after those over one


def row_names(works: Iterable[Work]) -> dict[tuple[str, int], tuple[str, str, str]]:
    """Table and key -> unit, visit, and whatever else names the row, of each row that a finding names."""
    names: dict[tuple[str, int], tuple[str, str, str]] = {}
    for work in works:
        keys = sorted({f.key for f in work.findings if f.key})
        further = [column for column in work.table.key if column not in (UNIT, "visit")]
        rows = work.frame.reindex(keys)[further].astype("str")
        texts = ("; ".join(f"{c}={v}" for c, v in zip(further, row, strict=True) if isinstance(v, str) and v != "<NA>")
                 for row in rows.itertuples(index=False, name=None))  # fmt: skip
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
        found = [f for f in work.findings if f.severity == "quarantine" and f.key]
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


def write(works: Iterable[Work], quarantine: "pandas.DataFrame", folder: str | Path) -> None:
    """Write the validated tables, places, quarantine, gaps, repairs, decisions and the conservation of rows."""
    import pandas

    folder, works = Path(folder), list(works)
    counts, gaps, repairs = [], [], []
    decisions: dict[str, dict[str, str]] = {}
    for work in works:
        lost = set(quarantine.loc[quarantine["table"] == work.name, "key"])
        kept = work.frame[~work.frame.index.isin(lost)]
        confirm(kept[~kept.index.isin({f.key for f in work.findings})], work.table)
        outside = sum(work.out_of_scope.values())
        if work.rows_in != len(kept) + len(lost) + outside:
            raise AssertionError(f"{work.name}: {work.rows_in} rows in, {len(kept)} + {len(lost)} + {outside} out")
        reasons = "; ".join(f"{reason}: {n}" for reason, n in sorted(work.out_of_scope.items()))
        counts.append((work.name, work.rows_in, len(kept), len(lost), outside, reasons))
        store.write_table(folder / f"{work.name}.parquet", kept.rename_axis("key").reset_index())
        gaps += [(key, work.name, column, says) for key, column, says in work.gaps]
        repairs += [(work.name, *made) for made in work.repairs]
        for source in work.sources.values():
            decisions.setdefault(source.export.path, {}).update(source.extract.decisions)
    store.write_table(folder / "places.parquet", _places(works))
    frame = pandas.DataFrame(gaps, columns=["key", "table", "column", "says"]).astype({"key": "int64"})
    store.write_table(folder / "gaps.parquet", frame)
    store.write_table(folder / "quarantine.parquet", quarantine)
    store.write_json(folder / "decisions.json", decisions)
    header = ("table", "rows_in", "rows_out", "quarantined", "out_of_scope", "reasons")
    store.write_csv(folder / "conservation.csv", header, counts)
    store.write_csv(folder / "repairs.csv", ("table", "column", "change", "reason", "cells"), repairs)


def _places(works: list[Work]) -> "pandas.DataFrame":
    """Where every row of every table stands, quarantined and broken ones included."""
    import numpy
    import pandas

    columns: dict[str, list] = {name: [] for name in PLACES[1:]}
    found = [numpy.empty(0, dtype="int64")]
    wanted: dict[int, tuple[Any, list[Any]]] = {}  # by the extract: tables may read one file in several ways
    for work in works:
        numbers = work.numbers()
        starts = numpy.searchsorted(numbers, [*work.sources, 0], side="left")  # keys rise, and so do their files
        ends = numpy.searchsorted(numbers, [*work.sources, 0], side="right")
        for source, start, end in zip(work.sources.values(), starts, ends, strict=False):
            wanted.setdefault(id(source), (source, []))[1].append(work.keys[start:end])
        found.append(numpy.array(list(work.broken), dtype="int64"))
        for key, place in work.broken.items():
            told = (
                work.sources[number_of(key)].export.path,
                place.part,
                place.first_line,
                place.last_line,
                place.column,
            )
            for name, value in zip(PLACES[1:], told, strict=True):
                columns[name].append(value)
    for source, keys in wanted.values():
        places = source.extract.places
        at = numpy.searchsorted(source.keys(), numpy.unique(numpy.concatenate(keys)))
        found.append(source.keys()[at])
        columns["export"] += [source.export.path] * len(at)
        for name, values in zip(PLACES[2:], (places.parts, places.first_lines, places.last_lines, places.columns),
                                strict=True):  # fmt: skip
            columns[name] += _taken(values, at)
    frame = pandas.DataFrame({"key": numpy.concatenate(found), **columns})
    frame = frame.astype({"key": "int64", "first_line": "int64", "last_line": "int64"})
    frame = frame.drop_duplicates().sort_values("key").reset_index(drop=True)
    if frame["key"].duplicated().any():
        raise AssertionError("one key names two places: tables read one export in ways that count its rows differently")
    return frame


def _taken(values: Any, at: Any) -> list:
    """The values at some positions; one text stands for all."""
    import numpy

    if isinstance(values, str):
        return [values] * len(at)
    if len(at) == len(values):
        return list(values)
    return numpy.asarray(values)[at].tolist() if len(values) else []
