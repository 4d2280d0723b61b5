"""Seeded defects: each is declared once, with its place, and put into a clean table from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Row = dict[str, Any]


@dataclass(frozen=True)
class Defect:
    """One seeded defect: the file, the columns that name the row, what is changed there, and why it is wrong.

    ``how``: ``set`` changes the row; ``repeat`` puts a changed copy behind it; ``add`` puts a new row at the
    end of the file. A change may be a function of the row as it was.
    """

    file: str
    row: dict[str, object]
    change: dict[str, object]
    says: str
    how: Literal["set", "repeat", "add"] = "set"

    def text(self) -> str:
        """File, place and kind of defect in one line."""
        place = ", ".join(f"{column} {value}" for column, value in self.row.items())
        column = f", column {next(iter(self.change))}" if self.how == "set" else ""
        return f"{self.file}: {place}{column}: {self.says}"


def with_defects(file: str, rows: list[Row], defects: Sequence[Defect]) -> list[Row]:
    """The rows of a file with its defects. Raises ValueError where a defect's row is not there once."""
    rows = [dict(row) for row in rows]
    mine = [defect for defect in defects if defect.file == file]
    for defect in sorted(mine, key=lambda defect: ("set", "repeat", "add").index(defect.how)):
        if defect.how == "add":
            rows.append({**dict.fromkeys(rows[0]), **defect.row, **defect.change})
            continue
        places = [i for i, row in enumerate(rows) if defect.row.items() <= row.items()]
        if len(places) != 1:
            raise ValueError(f"{len(places)} rows instead of one for the defect {defect.text()!r}")
        row = rows[places[0]]
        changed = {**row, **{name: to(row) if callable(to) else to for name, to in defect.change.items()}}
        if defect.how == "set":
            rows[places[0]] = changed
        else:
            rows.insert(places[0] + 1, changed)
    return rows
