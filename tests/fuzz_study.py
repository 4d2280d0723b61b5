"""A small study without a fault, for ``fuzz`` to damage: delimited exports, REDCap, JSON lines and a plate reader."""

import json
from pathlib import Path

from omtrace import store
from omtrace.faults import Fault
from omtrace.readers.lookup import way_of
from test_checks import ALLOCATION, DAYS, DIARY, FORM, GROUPS, PLATE, SLOTS, Study
from test_checks import REDCAP as FORMS

MIDAS = "".join(
    json.dumps({"unit_id": f"P{n}", "visit": "b", "midas": {str(k): k for k in range(1, 6)}}) + "\n"
    for n in range(1, 4)
)
TABLES = {
    "allocation": ALLOCATION,
    "diary": DIARY,
    "demographics": FORM,
    "plate_groups": GROUPS,
    "midas": {"reader": "jsonlines", "columns": {f"midas_{n}": f"midas.{n}" for n in range(1, 6)}},
}
FILES = {
    "allocation": SLOTS + "".join(f"P{n},{n},A,1,{'OMT' if n % 2 else 'sham'},2024-01-0{n}\n" for n in range(1, 4)),
    "diary": DAYS + "".join(f'P{n},{day},1,0,"{day % 10}",0\n' for n in range(1, 9) for day in range(1, 5)),
    "demographics": FORMS + "".join(f"P{n},b,,,2024-01-01,{30 + n},{1 + n % 2},2\n" for n in range(1, 4)),
    "plates": PLATE,
    "midas": MIDAS,
}
ROSTER = {
    "unit": "participant",
    "roster": {"table": "allocation", "column": "unit_id"},
    "parameters": {"days": {"derive": "count", "label": "Days", "options": {"table": "diary", "column": "headache"}}},
    "populations": {"full": {"label": "all"}},
}


def files(hurt: str) -> dict[str, bytes]:
    """Table of the register -> its export, without a fault: allocation, diary, and the one to be damaged."""
    return {name: text.encode() for name, text in FILES.items() if name in ("allocation", "diary", hurt)}


def reader(name: str) -> str:
    """The reader of one of these exports."""
    return next(table["reader"] for own, table in TABLES.items() if table.get("source", own) == name)


def rows_given(study: Study, table: str) -> int:
    """How many rows of any fate the reader gives for a table; none for a file that it refuses."""
    name = study.plan.tables[table].source or table
    (export,) = [export for export in study.exports if export.table == name]
    try:
        extract = way_of(study.plan, table, study.exports, study.root).read(export, study.root)
    except Fault:
        return 0
    return len(extract.places) + len(extract.faults) + sum(extract.left_out.values())


def validated(content: dict[str, bytes], folder: Path, batch: str) -> bool:
    """Whether a study of these exports is validated to the end; False if it stops with a Fault, nothing written.

    Raises AssertionError unless each table's rows are conserved, and are those that its reader gives.
    """
    tables = {name: table for name, table in TABLES.items() if table.get("source", name) in content}
    study = Study(folder, tables, content, batch, datasets={"people": ROSTER})
    try:
        study.run()
    except Fault as fault:
        assert fault.lines and not study.folder.exists()
        return False
    for row in store.read_csv(study.folder / "conservation.csv"):
        given = rows_given(study, row["table"])
        counts = [int(row[name]) for name in ("rows_in", "rows_out", "quarantined", "out_of_scope")]
        assert counts[0] == given == sum(counts[1:]), f"{row['table']}: {counts}, given {given}"
        keys = set(study.table(row["table"])["key"])
        lost = store.read_table(study.folder / "quarantine.parquet")
        lost = set(lost.loc[(lost["table"] == row["table"]) & (lost["key"] > 0), "key"])
        assert len(keys) == counts[1] and not keys & lost, f"{row['table']}: a row is kept and quarantined"
    return True
