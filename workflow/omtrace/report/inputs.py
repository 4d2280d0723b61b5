"""What went in: registered exports, what the readers decided, rows kept and rows left out. No values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from omtrace.keys import key_text, number_of
from omtrace.study.register import Export

if TYPE_CHECKING:
    import pandas

TITLES = {
    "table": "Table",
    "rows_in": "Rows in",
    "rows_out": "Rows out",
    "quarantined": "Quarantined",
    "out_of_scope": "Out of scope",
    "reasons": "Why out of scope",
}


def exports_shown(exports: Sequence[Export], decisions: Mapping[str, Mapping[str, Any]],
                  places: "pandas.DataFrame", quarantine: "pandas.DataFrame") -> list[dict]:  # fmt: skip
    """Each registered export with its decisions and its rows: placed, quarantined (a row counts once)."""
    placed = Counter(number_of(key) for key in places["key"].tolist())
    lost = Counter(number_of(key) for key in set(quarantine["key"].tolist()))
    return [
        {
            "export": export,
            "rows": placed[export.number],
            "quarantined": lost[export.number],
            "decisions": {key: _text(value) for key, value in sorted(decisions.get(export.path, {}).items())},
        }
        for export in exports
    ]


def _text(value: Any) -> str:
    return ", ".join(_text(item) for item in value) if isinstance(value, list | tuple) else str(value)


def conservation_shown(rows: Sequence[Mapping[str, str]]) -> dict:
    """The conservation of rows as a table: columns (title, whether counts), rows of texts. Blank columns go."""
    columns = [column for column in (rows[0] if rows else {}) if any(row[column] for row in rows)]
    counts = [all(row[column].isdigit() for row in rows) for column in columns]
    titles = [TITLES.get(column, column.replace("_", " ").capitalize()) for column in columns]
    return {
        "columns": list(zip(titles, counts, strict=True)),
        "rows": [[row[column] for column in columns] for row in rows],
    }


def quarantine_shown(quarantine: "pandas.DataFrame", places: "pandas.DataFrame") -> list[dict]:
    """Quarantined rows by table, rule and severity: key, file, lines and column of each, never a value."""
    where = places.set_index("key")
    groups = []
    for (table, rule, severity), rows in quarantine.groupby(["table", "rule", "severity"], sort=False):
        items = [
            {
                "key": key_text(key),
                "file": where.at[key, "export"] if key in where.index else "",
                "part": where.at[key, "part"] if key in where.index else "",
                "lines": _lines(where, key),
                "column": column,
            }
            for key, column in sorted(zip(rows["key"].tolist(), rows["column"], strict=True))
        ]
        groups.append({"table": table, "rule": rule, "severity": severity, "rows": items,
                       "count": len({item["key"] for item in items})})  # fmt: skip
    return groups


def _lines(where: "pandas.DataFrame", key: int) -> str:
    if key not in where.index:
        return ""
    first, last = where.at[key, "first_line"], where.at[key, "last_line"]
    return str(first) if first == last else f"{first}–{last}"
