"""What a figure may read: estimates by name, and the records that their row sets hold."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from omtrace.analyses._shown import shown
from omtrace.faults import Fault, Refusal
from omtrace.model.estimate import HELD_BACK, Estimate
from omtrace.store import read_columns, read_csv, read_rows

AGAIN = "run the analyse stage again"
Row = Mapping[str, str] | Estimate


class Estimates:
    """The estimates of a study, looked up by what they are."""

    def __init__(self, rows: Iterable[Row], source: str) -> None:
        self.source = source  # the file that they are from, whose class says whether what is drawn may leave
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row["analysis"], []).append(row)
        self._numbers: dict[str, dict[Name, Estimate]] = {}

    @classmethod
    def of_file(cls, path: Path) -> "Estimates":
        """Those of a file. Raises Fault where it is missing."""
        if not path.exists():
            raise Fault(f"{path}: the estimates are missing; {AGAIN}")
        return cls(read_csv(path), str(path))

    def _all(self, analysis: str) -> dict["Name", Estimate]:
        """The estimates of an analysis, made when the first is looked up: a study may have thousands of others."""
        if analysis in self._numbers:
            return self._numbers[analysis]
        numbers: dict[Name, Estimate] = {}
        for row in self._rows.get(analysis, []):
            number = row if isinstance(row, Estimate) else Estimate.of(row)
            name = name_of(number)
            if name in numbers:
                raise Fault(f"{self.source}: two estimates of {name}; {AGAIN}")
            text = HELD_BACK if number.suppressed else shown(number.text, number.decimals, number.statistic)
            numbers[name] = replace(number, shown=text)
        self._numbers[analysis] = numbers
        return numbers

    def find(self, name: "Name") -> Estimate:
        """One estimate. Raises Refusal, naming what was looked for, if it is not there."""
        number = self._all(name.analysis).get(name)
        if number is None:
            raise Refusal(
                f"{self.source}: no estimate of {name}; take it out of the figure's options, "
                f"or let the analysis estimate it"
            )
        return number

    def sibling(self, number: Estimate, statistic: str) -> Estimate | None:
        """Another statistic of the same analysis, parameter, group, visit and level, if there is one."""
        return self._all(number.analysis).get(replace(name_of(number), statistic=statistic))

    def beside(self, number: Estimate, statistic: str, group: str) -> Estimate | None:
        """A statistic of a whole group at the same visit, from the same analysis and parameter, if there is one."""
        return self._all(number.analysis).get(replace(name_of(number), statistic=statistic, group=group, level=""))

    def gives(self, analysis: str, parameter: str, statistic: str) -> bool:
        """Whether an analysis has a statistic of a parameter, in any group, at any visit."""
        return any(
            row["parameter"] == parameter and row["statistic"] == statistic for row in self._rows.get(analysis, ())
        )

    def all_of(self, analysis: str) -> list[Estimate]:
        """All estimates of an analysis, in the order of the file."""
        return list(self._all(analysis).values())

    def of(self, analysis: str, statistics: Iterable[str]) -> list[Estimate]:
        """All estimates of an analysis with one of the statistics, in the order of the file."""
        wanted = set(statistics)
        return [n for n in self._all(analysis).values() if n.statistic in wanted]


@dataclass(frozen=True)
class Name:
    """What an estimate is called by: it has one only in its study."""

    analysis: str
    parameter: str
    statistic: str
    group: str = "all"
    visit: str = ""
    level: str = ""

    def __str__(self) -> str:
        parts = ("analysis", "parameter", "visit", "group", "statistic", *(["level"] if self.level else []))
        return ", ".join(f"{part} {getattr(self, part)!r}" for part in parts)


def name_of(number: Estimate) -> Name:
    """The name of an estimate; its siblings' are ``replace`` of it."""
    return Name(number.analysis, number.parameter, number.statistic, number.group, number.visit, number.level)


class Record(NamedTuple):
    """One record of a data set that was observed: a value, or a text for a category."""

    record: int
    unit: str
    parameter: str
    visit: str
    value: float
    text: str


class Records:
    """The observed records of a data set, and those of them that a row set holds as used."""

    def __init__(self, folder: Path, dataset: str) -> None:
        path = folder / "datasets" / f"{dataset}.parquet"
        if not path.exists():
            raise Fault(f"{path}: the data set is missing; run the derive stage again")
        columns = read_columns(path)
        fields = ("record", "unit", "parameter", "visit", "value", "text", "status")
        self.dataset = dataset
        self._rowsets = folder / "rowsets.parquet"
        self._records: dict[int, Record] = {}
        self._by_parameter: dict[str, list[Record]] = {}
        self._used: dict[str, dict[str, list[Record]]] = {}
        for number, unit, parameter, visit, value, text, status in zip(*(columns[f] for f in fields), strict=True):
            if status == "observed":
                record = Record(number, unit, parameter, visit or "", math.nan if value is None else value, text or "")
                self._records[number] = record
                self._by_parameter.setdefault(parameter, []).append(record)

    def values(self, parameter: str) -> dict[str, Record]:
        """Unit -> record with a value, of a parameter without visits."""
        return {r.unit: r for r in self._by_parameter.get(parameter, ()) if math.isfinite(r.value)}

    def texts(self, parameter: str) -> dict[str, str]:
        """Unit -> category, of a parameter without visits."""
        return {r.unit: r.text for r in self._by_parameter.get(parameter, ()) if r.text}

    def load(self, rowsets: Collection[str]) -> None:
        """Read row sets in one go; those that are known already are not read again."""
        missing = set(rowsets) - set(self._used)
        if not missing:
            return
        if not self._rowsets.exists():
            raise Fault(f"{self._rowsets}: the row sets are missing; {AGAIN}")
        rows = read_rows(self._rowsets, "rowset", missing, ["dataset", "record", "role", "reason"])
        self._used |= {rowset: {} for rowset in missing}
        for row in rows.to_pylist():
            if row["dataset"] == self.dataset and not row["reason"] and row["record"] in self._records:
                self._used[row["rowset"]].setdefault(row["role"], []).append(self._records[row["record"]])

    def used(self, number: Estimate, role: str = "outcome") -> list[Record]:
        """The observed records that a number rests on in a role, in the order of the data set."""
        self.load([number.rowset])
        return sorted(self._used[number.rowset].get(role, []), key=lambda record: record.record)
