"""A small made study as stored results, in the formats of docs/design.md, for the tests of the report.

Names, labels and raw cells hold what would break a careless page: markup, quotes, script ends, line ends.
"""

import base64
import csv
import gzip
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pandas
from omtrace import store
from omtrace.model.register import Export, sha256_of
from omtrace.provenance.keys import digest_of, key_of, key_text
from omtrace.report import write_report
from omtrace.report.payload import WITHHELD
from report_plan import ATTRIBUTE, IMAGE, SCRIPT, VISITS, plan_of

HOSTILE = (SCRIPT, ATTRIBUTE, IMAGE, "<!-- & &lt;b&gt; -->", "=1+1", "a\nb", "\u202eabc", " 7 ", "")
NAMING = ("analysis", "parameter", "population", "group", "visit", "level", "statistic")
DESCRIBE = (
    "n=22 missing=2 mean=35.25 sd=4.321 median=35 q1=31.5 q3=38.5 minimum=28.5 maximum=41.5 ci_low=33.3 ci_high=37.2"
)
PROPORTION = (
    "n=24 count=20 proportion=0.8333 wilson_low=0.641 wilson_high=0.933 clopper_pearson_low=0.626 "
    "clopper_pearson_high=0.953"
)
CONTRAST = "difference=-0.04 se=1.234 ci_low=-2.05 ci_high=1.995 t=-0.03 df=19 p=0.9745"
ADJUSTED = "adjusted_mean=34.05 ci_low=33 ci_high=35.1 n=11"
CHANGE = (
    "n=20 mean_before=36.125 sd_before=4.4 mean_after=33 sd_after=4 mean_change=-3.125 sd_change=2.25 "
    "ci_low=-5.05 ci_high=-1.15 t=-3.4 df=19 p=0.00004 d_z=-1.39 d_z_ci_low=-2 d_z_ci_high=-0.75 hedges_g=-1.33 "
    "hedges_g_ci_low=-1.9 hedges_g_ci_high=-0.7 signed_rank_v=12 signed_rank_p=0.0123"
)


def payload_of(page: str) -> dict:
    """The payload of a page, unpacked."""
    (packed,) = re.findall(r'<script type="text/plain" id="payload">(.*?)</script>', page, re.DOTALL)
    return json.loads(gzip.decompress(base64.b64decode(packed)))


class Study:
    """The study on disk, and what the report must show: ``expected[id]`` is a set of (key, column, text, reason)."""

    def __init__(self, root: Path, units: int = 24, kind: str = "simulated", repeats: int = 1, items: int = 3) -> None:
        self.root, self.plan, self.repeats, self.items = root, plan_of(kind), repeats, items
        self.units = [f"P{i:03d}" for i in range(1, units + 1)]
        self.units[1] = f"P002{IMAGE}"
        self.folder = root / "results" / "demo"
        self.texts: dict[tuple[int, str], str] = {}
        self.records: list[tuple] = []
        self.cells: list[tuple] = []
        self.places: list[tuple] = []
        self.estimates: list[tuple] = []
        self.sets: dict[str, list[tuple]] = {}
        self._raw()
        self._records()
        self._numbers()
        self._write()

    # raw rows: a form for each unit and visit (a wide row), wells of a plate with one cell each

    def _raw(self) -> None:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        columns = ["record_id", "event", "arm", "sex", *(f"item_{i:02d}" for i in range(1, 10))]
        writer.writerow(columns)
        line, ordinal = 2, 0
        self.form: dict[tuple[str, str], int] = {}
        for u, unit in enumerate(self.units):
            for v, visit in enumerate(VISITS):
                if (u, v) in ((3, 2), (4, 1)):
                    continue  # not collected
                ordinal += 1
                row = [
                    unit,
                    visit,
                    ("sham", "omt")[u % 2],
                    ("female", "male")[u % 3 == 0],
                    *(str((u * 7 + v * 3 + i * 5) % 13) for i in range(9)),
                ]
                if v == 0 and u < len(HOSTILE):
                    row[4] = HOSTILE[u]
                self.form[unit, visit] = key = key_of(1, ordinal)
                self.texts.update({(key, column): text for column, text in zip(columns, row, strict=True)})
                last = line + "".join(row).count("\n")
                self.places.append((key, "data/raw/demo/forms.csv", "", line, last, ""))
                writer.writerow(row)
                line = last + 1
        self._put("data/raw/demo/forms.csv", buffer.getvalue())
        self.standards = [self._well(i, f"H{i}") for i in range(1, 9)]
        self.wells = {unit: self._well(8 + i, f"A{i}") for i, unit in enumerate(self.units, 1)}
        signals = [self.texts[key, "signal"] for key in (*self.standards, *self.wells.values())]
        self._put("data/raw/demo/plates/plate-1.csv", "\n".join(["signal,plate", *(f"{s},1" for s in signals), ""]))

    def _well(self, ordinal: int, well: str) -> int:
        key = key_of(7, ordinal)
        self.places.append((key, "data/raw/demo/plates/plate-1.csv", "Plate1, 450 nm", 3, 3, well))
        self.texts[key, "signal"] = f"{0.05 + ordinal * 0.031:.3f}"
        return key

    def _put(self, path: str, text: str) -> None:
        store.write_bytes(self.root / path, text.encode())

    # records: the full grid

    def _record(self, unit, parameter, visit, value, text, status, cells) -> None:
        number = len(self.records) + 1
        self.records.append((number, unit, parameter, visit, value, text, status))
        self.cells += [(number, key, column, role) for key, column, role in cells]

    def _records(self) -> None:
        for name in ("arm", "sex"):
            for u, unit in enumerate(self.units):
                text = (("sham", "omt")[u % 2], ("female", "male")[u % 3 == 0])[name == "sex"]
                self._record(unit, name, "", None, text, "observed", [(self.form[unit, "baseline"], name, "value")])
        for unit in self.units:
            standards = [(key, "signal", "standard") for key in self.standards]
            cells = [(self.wells[unit], "signal", "value"), *standards]
            self._record(unit, "cgrp", "baseline", 123.456, None, "observed", cells)
        for s in range(1, 4):
            for visit in VISITS:
                for u, unit in enumerate(self.units):
                    self._score(unit, u, s, visit)

    def _score(self, unit: str, u: int, s: int, visit: str) -> None:
        if (unit, visit) not in self.form:
            self._record(unit, f"score_{s}", visit, None, None, "not collected", [])
            return
        cells = [(self.form[unit, visit], f"item_{i:02d}", "value") for i in range(3 * s - 2, 3 * s - 2 + self.items)]
        broken = visit == "month_3" and u in (5, 9)
        status = "quarantined: range" if broken else "observed"
        self._record(unit, f"score_{s}", visit, None if broken else 30.0 + u * 0.5 - s, None, status, cells)

    # numbers and row sets

    def _rowset(self, wanted: list[tuple[str, str, str]], group: str = "all") -> str:
        """The row set of (parameter, visit, role): a unit without one of the records is left out."""
        of = {(r[1], r[2], r[3]): r for r in self.records}
        entries = []
        for u, unit in enumerate(self.units):
            if group not in ("all", ("sham", "omt")[u % 2]):
                continue
            records = [(of[unit, parameter, visit], role) for parameter, visit, role in wanted]
            reason = next((r[6] for r, _ in records if r[6] != "observed"), "")
            entries += [(record[0], role, reason) for record, role in records]
        digest = digest_of([repr(entries)])
        self.sets[digest] = entries
        return digest

    def _numbers(self) -> None:
        sex = self._rowset([("sex", "", "outcome")])
        self._several("characteristics", "sex", "n=24 missing=0", sex)
        for level in ("female", f"male {SCRIPT}"):
            self._several("characteristics", "sex", "count=7 percent=29.1666", sex, level=level)
        for score in ("score_1", "score_2"):
            for visit in VISITS:
                for group in ("sham", "omt", "all"):
                    rows = self._rowset([(score, visit, "outcome"), ("arm", "", "group")], group)
                    self._several("characteristics", score, DESCRIBE, rows, group=group, visit=visit)
        for repeat in range(self.repeats):
            self._changes(f"draw {repeat}" if self.repeats > 1 else "")
        done = self._rowset([("score_1", "month_3", "outcome")])
        self._several("completion", "score_1", PROPORTION, done, visit="month_3")
        both = self._rowset(
            [("score_1", "month_3", "outcome"), ("score_1", "baseline", "baseline"), ("arm", "", "group")]
        )
        self._several("comparison", "score_1", CONTRAST, both, group="omt - sham", visit="month_3")
        for group in ("sham", "omt"):
            self._several("comparison", "score_1", ADJUSTED, both, group=group, visit="month_3")
        assay = self._rowset([("cgrp", "baseline", "outcome")])
        self._several("assay", "cgrp", "n=24 mean=123.456 sd=", assay, visit="baseline")

    def _changes(self, level: str) -> None:
        for score in ("score_1", "score_2", "score_3"):
            for visit in ("month_1", "month_3"):
                rows = self._rowset([(score, visit, "outcome"), (score, "baseline", "baseline")])
                self._several("change", score, CHANGE, rows, visit=visit, level=level)

    def _several(self, analysis: str, parameter: str, values: str, rowset: str, **where: str) -> None:
        population = self.plan.analyses[analysis].population
        for statistic, value in (pair.split("=") for pair in values.split()):
            parts = (
                analysis,
                parameter,
                population,
                *(where.get(k, "all" * (k == "group")) for k in NAMING[3:6]),
                statistic,
            )
            decimals = {"n": 0, "missing": 0, "count": 0, "p": 3, "signed_rank_p": 3}.get(statistic, 1)
            unit = "%" if statistic == "percent" else ""
            self.estimates.append((digest_of(parts, 12), *parts, value, unit, decimals, rowset, f"def-{analysis}"))

    # files

    def _write(self) -> None:
        names = ("record", "unit", "parameter", "visit", "value", "text", "status")
        frame = pandas.DataFrame(self.records, columns=names).astype({"value": "float64", "text": "str"})
        store.write_table(self.folder / "datasets/participants.parquet", frame)
        cells = pandas.DataFrame(self.cells, columns=("record", "key", "column", "role"))
        store.write_table(self.folder / "datasets/participants.cells.parquet", cells)
        places = pandas.DataFrame(self.places, columns=("key", "export", "part", "first_line", "last_line", "column"))
        store.write_table(self.folder / "validated/places.parquet", places.sort_values("key"))
        lost = [(self.form[self.units[u], "month_3"], "forms", "range", "item_01", "quarantine") for u in (5, 9)]
        lost.append((lost[0][0], "forms", "required", f"item_02{IMAGE}", "quarantine"))
        self.lost = {(key, column) for key, _, _, column, _ in lost}
        quarantine = pandas.DataFrame(lost, columns=("key", "table", "rule", "column", "severity"))
        store.write_table(self.folder / "validated/quarantine.parquet", quarantine)
        decisions = {"data/raw/demo/forms.csv": {"encoding": "utf-8", "line_ends": f"LF {IMAGE}"}}
        store.write_json(self.folder / "validated/decisions.json", decisions)
        rows = len(self.form)
        store.write_csv(
            self.folder / "validated/repairs.csv",
            ("table", "column", "change", "reason", "cells"),
            [("forms", "item_03", "becomes missing where item_03 is 99", "99 stood for not asked", 4)],
        )
        store.write_csv(
            self.folder / "validated/findings.csv",
            ("severity", "rule", "file", "table", "column", "cells"),
            [("quarantine", "range", "f.csv", "forms", "item_01", 2), ("note", "copied", "f.csv", "forms", "", 1)],
        )
        header = ("table", "rows_in", "rows_out", "quarantined", "out_of_scope", "reasons")
        counts = [("forms", rows + 3, rows - 2, 2, 3, f"other event: 3 {IMAGE}"), ("wells", 32, 32, 0, 0, "")]
        store.write_csv(self.folder / "validated/conservation.csv", header, counts)
        sets = [(name, "participants", *entry) for name, entries in self.sets.items() for entry in entries]
        columns = ("rowset", "dataset", "record", "role", "reason")
        store.write_table(self.folder / "rowsets.parquet", pandas.DataFrame(sets, columns=columns))
        header = ("id", *NAMING, "value", "unit", "decimals", "rowset", "definition", "data")
        rows = [(*estimate, "simulated") for estimate in self.estimates]
        store.write_csv(self.folder / "estimates.csv", header, rows)
        calls = {f"def-{name}": self._call(name) for name in self.plan.analyses}
        store.write_json(self.folder / "definitions.json", calls)
        drawn = [e[0] for e in self.estimates if e[1] == "change" and e[7] == "mean_change"]
        figure = {
            "name": "course",
            "title": f"Course {IMAGE}",
            "alt": f"Lines fall {ATTRIBUTE}",
            "note": f"Means. {SCRIPT}",
        }
        store.write_json(self.folder / "figures/index.json", [{**figure, "numbers": drawn}])
        store.write_text(self.folder / "figures/course.svg", SVG.replace("DRAWN", drawn[0]))

    def _call(self, name: str) -> dict:
        analysis = self.plan.analyses[name]
        words = f"What is done in {name}. {IMAGE}"
        return {
            "analysis": name,
            "method": analysis.method,
            "words": words,
            "options": {"level": 0.95, "terms": [SCRIPT]},
            "unit": "participant",
            "parameters": {p: {"derive": "column", "options": {}} for p in analysis.parameters},
        }

    def write(self, open_lines: Sequence[str] = ()) -> Path:
        """The report of the study."""
        digests = {"Library code": "c" * 64}
        return write_report(self.plan, self.exports(), self.root / "results/demo", self.root, digests, open_lines)

    def exports(self) -> list[Export]:
        """The register's rows of the study, and one of another study."""
        paths = {1: "data/raw/demo/forms.csv", 7: "data/raw/demo/plates/plate-1.csv"}
        rows = [
            Export(
                number,
                "demo",
                f"export_{number}",
                ("forms", "wells")[number == 7],
                path,
                "",
                "2026-02-03",
                sha256_of(self.root / path),
                "shipped",
                "javascript:alert(1)",
                f"A citation {IMAGE}",
                "CC0",
            )
            for number, path in paths.items()
        ]
        other = Export(9, "other", "x", "x", "data/raw/other/x.csv", "", "", "0" * 64, "shipped", "", "", "")
        return [*rows, other]

    def expected(self, identifier: str) -> set[tuple[str, str, str, str]]:
        """What the panel of a number must show: (key, column, raw text, reason) of every cell."""
        reasons = self._reasons(identifier)
        return {
            (key_text(key), column, WITHHELD if (key, column) in self.lost else self.texts[key, column], reason)
            for record, key, column, _ in self.cells
            for reason in reasons.get(record, ())
        }

    def without_cells(self, identifier: str) -> set[tuple[str, str, str]]:
        """The records behind a number that have no cell: (unit, status, reason)."""
        full = {cell[0] for cell in self.cells}
        return {
            (self.records[record - 1][1], self.records[record - 1][6], reason)
            for record, reasons in self._reasons(identifier).items()
            for reason in reasons
            if record not in full
        }

    def _reasons(self, identifier: str) -> dict[int, set[str]]:
        rowset = next(e[11] for e in self.estimates if e[0] == identifier)
        reasons: dict[int, set[str]] = {}
        for record, _, reason in self.sets[rowset]:
            reasons.setdefault(record, set()).add(reason)
        return reasons


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 320"><rect width="640" height="320" fill="#fff"/>'
    '<g id="number-DRAWN"><title>A mark</title><rect x="300" y="150" width="40" height="40" fill="#1f2937"/></g>'
    '<path d="M60 60 L320 190 L580 230" fill="none" stroke="#1d5673" stroke-width="3"/>'
    '<path d="M60 280 H600 M60 20 V280" stroke="#555" fill="none"/></svg>\n'
)
