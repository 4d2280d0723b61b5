"""Raw files read a second time, without the package: lines by bytes, cells by the csv module; for tests of trace.

``Study.behind`` says which lines a record must rest on, from the plan's words alone.
"""

import csv
import gzip
import io
import re
from functools import cache
from pathlib import Path

from omtrace.model.plan import read_plan
from omtrace.model.slices import plain

Place = tuple[str, int, int]  # path, first line, last line
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


def lines_of(path: Path) -> list[str]:
    """The physical lines of a text file, plain or gzipped, without their ends."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return [line.rstrip("\r\n") for line in LINE.findall(text)]


def delimited(path: Path) -> dict[tuple[int, int], dict[str, str]]:
    """First and last line -> cells by column: a row goes on as long as a quote is open."""
    rows, pending, header = {}, [], None
    for number, line in enumerate(lines_of(path), 1):
        pending.append(line)
        text = "\n".join(pending)
        if text.count('"') % 2:
            continue
        first, pending = number - len(pending) + 1, []
        cells = next(csv.reader(io.StringIO(text, newline="")), [])
        if header is None:
            header = cells
        elif cells:
            rows[first, number] = dict(zip(header, cells, strict=True))
    return rows


def workbook(path: Path, sheet: str) -> dict[tuple[int, int], dict[str, str]]:
    """The rows of a sheet, whole numbers as such."""
    from python_calamine import CalamineWorkbook

    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    texts = [[str(int(c)) if isinstance(c, float) and c.is_integer() else str(c) for c in row] for row in rows]
    return {(line, line): dict(zip(header, row, strict=True)) for line, row in enumerate(texts, 2)}


def said(plan: dict) -> dict:
    """A plan without the keys that a file may leave out."""
    tables = {name: _filled(table) for name, table in plan["tables"].items()}
    datasets = {
        name: {**_filled(one), "parameters": {n: _filled(p) for n, p in one["parameters"].items()}}
        for name, one in plan["datasets"].items()
    }
    return {**plan, "tables": tables, "datasets": datasets}


def _filled(entry: dict) -> dict:
    return {key: value for key, value in entry.items() if value not in (None, "", {}, []) or key == "options"}


class Study:
    """A study's raw files, by its plan and the register."""

    def __init__(self, root: Path, study: str) -> None:
        self.root = root
        self.plan = said(plain(read_plan(root / f"config/studies/{study}.yaml")))  # with what sources say
        with open(root / "config/exports.csv", encoding="utf-8", newline="") as file:
            self.exports = [row for row in csv.DictReader(file) if row["study"] == study]
        with open(root / f"logs/{study}/findings.csv", encoding="utf-8", newline="") as file:
            found = [row for row in csv.DictReader(file) if row["takes_out"] == "row"]
        self.lost = {(row["table"], row["file"], int(row["line"])) for row in found}

    @cache  # noqa: B019
    def rows(self, path: str) -> dict[tuple[int, int], dict[str, str]] | None:
        """Rows of a file by their lines; None for an instrument's own format."""
        if path.endswith((".csv", ".csv.gz")):
            return delimited(self.root / path)
        if path.endswith(".xls"):
            table = next(iter(self.plan["tables"].values()))
            return workbook(self.root / path, table["options"]["sheet"])
        return None

    def behind(self, dataset: str, unit: str, parameter: str, visit: str, lost: bool = False) -> set[Place] | None:
        """The lines behind a record, with ``lost`` quarantined ones too; None for an instrument's own format."""
        data = self.plan["datasets"][dataset]
        declared = data["parameters"][parameter]
        options, derive = declared["options"], declared["derive"]
        if derive == "responder":
            parts = [self.behind(dataset, unit, options["of"], at) for at in (visit, data["baseline"])]
        elif derive == "attended":
            # That a form does not count as filled in rests on its quarantined row.
            parts = [self.behind(dataset, unit, of, at, lost=True) for of in options["of"] for at in options["visits"]]
        elif derive == "at_visit":
            return self.behind(dataset, unit, options["of"], options["visit"], lost)
        elif (
            derive in ("assay", "well_signal", "fidelity", "occurred") or "table" not in options or "any_of" in options
        ):
            return None  # made of several tables or parameters, or by a definition of its own: tested where they are
        else:
            side_by_side = isinstance(options.get("column"), dict) or derive == "days"
            places = self._places(options["table"], unit, "" if side_by_side else visit, options.get("where", {}))
            if places is None:
                return None
            wanted = self._filter(options, derive, visit)
            return {
                place
                for place, row in places.items()
                if wanted(row) and (lost or (options["table"], *place[:2]) not in self.lost)
            }
        return None if None in parts else set().union(*parts)

    def _places(self, name: str, unit: str, visit: str, where: dict) -> dict[Place, dict[str, str]] | None:
        table = self.plan["tables"][name]
        columns, event = table.get("columns", {}), table.get("visit")
        events = {text for text, at in event["map"].items() if visit in ("", at)} if event else set()
        found: dict[Place, dict[str, str]] = {}
        for export in self.exports:
            if export["table"] != table.get("source", name):
                continue
            rows = self.rows(export["path"])
            if rows is None:
                return None
            for ordinal, ((first, last), row) in enumerate(rows.items(), 1):
                if (
                    self._unit(table, row, export["export"], ordinal) == unit
                    and (not event or row[event["column"]].strip() in events)
                    and all(row[columns.get(column, column)].strip() == value for column, value in where.items())
                ):
                    found[export["path"], first, last] = row
        return found

    def _unit(self, table: dict, row: dict[str, str], export: str, ordinal: int) -> str:
        made = {"@export": export, "@row": str(ordinal)}
        parts = table.get("unit") or [table.get("columns", {}).get("unit_id", "unit_id")]
        text = "/".join(made.get(part) or row[part].strip() for part in parts)
        return re.fullmatch(table.get("unit_pattern", "(.*)"), text)[1]

    def _filter(self, options: dict, derive: str, visit: str):
        """Which of a unit's rows count: diary days of the window, filled-in forms, replicates with a value."""
        columns = self.plan["tables"][options["table"]].get("columns", {})
        nothing = {"", *self.plan.get("missing_codes", {})}

        def has(row: dict[str, str], column: str) -> bool:
            return row[columns.get(column, column)].strip() not in nothing

        if derive == "days":
            first, last = options["windows"][visit]
            day = columns.get(options["day"], options["day"])
            return lambda row: has(row, options["event"]) and first <= int(row[day]) <= last
        if derive == "score":
            item = re.compile(rf"{options['instrument']}(_\d+|_[a-z])?")
            return lambda row: any(item.fullmatch(column) and row[column].strip() for column in row)
        if derive == "criteria":
            return lambda row: True
        if derive in ("mean", "most_frequent"):
            return lambda row: has(row, options["column"])
        if derive == "column":  # a blank is no cell: the value was not collected
            column = options["column"]
            name = column[visit] if isinstance(column, dict) else column
            return lambda row: row.get(columns.get(name, name), "-").strip() != ""
        return lambda row: True
