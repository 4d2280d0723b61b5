"""What a figure may read: estimates by name, and observed records by unit."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from omtrace.analyses._shown import shown
from omtrace.faults import Fault
from omtrace.store import read_columns, read_csv

AGAIN = "run the analyse stage again"


@dataclass(frozen=True)
class Number:
    """One stored estimate. ``text`` is its stored decimal, "" where it has no value."""

    id: str
    analysis: str
    parameter: str
    group: str
    visit: str
    level: str
    statistic: str
    text: str
    unit: str
    decimals: int

    @property
    def value(self) -> float:
        """The value, NaN where there is none."""
        return float(self.text) if self.text else math.nan

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return shown(self.text, self.decimals, self.statistic)


class Estimates:
    """The estimates of a study, found by what they are."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise Fault(f"{path}: the estimates are missing; {AGAIN}")
        self.path = path
        self._rows: dict[str, list[dict[str, str]]] = {}
        for row in read_csv(path):
            self._rows.setdefault(row["analysis"], []).append(row)
        self._numbers: dict[str, dict[tuple[str, ...], Number]] = {}

    def _all(self, analysis: str) -> dict[tuple[str, ...], Number]:
        """The estimates of an analysis, made when the first is asked for: a study may have thousands of others."""
        if analysis in self._numbers:
            return self._numbers[analysis]
        found: dict[tuple[str, ...], Number] = {}
        for row in self._rows.get(analysis, []):
            key = tuple(row[c] for c in ("analysis", "parameter", "statistic", "group", "visit", "level"))
            if key in found:
                raise Fault(f"{self.path}: two estimates of {_named(*key)}; {AGAIN}")
            found[key] = Number(
                row["id"], row["analysis"], row["parameter"], row["group"], row["visit"], row["level"],
                row["statistic"], row["value"], row["unit"], int(row["decimals"] or 0),
            )  # fmt: skip
        self._numbers[analysis] = found
        return found

    def find(self, analysis: str, parameter: str, statistic: str,
             group: str = "all", visit: str = "", level: str = "") -> Number:  # fmt: skip
        """One estimate. Raises Fault, naming what was looked for, if it is not there."""
        key = (analysis, parameter, statistic, group, visit, level)
        if key not in self._all(analysis):
            raise Fault(
                f"{self.path}: no estimate of {_named(*key)}; take it out of the figure's options, "
                f"or let the analysis estimate it"
            )
        return self._all(analysis)[key]

    def of(self, analysis: str, statistics: Iterable[str]) -> list[Number]:
        """All estimates of an analysis with one of the statistics, in the order of the file."""
        wanted = set(statistics)
        return [n for n in self._all(analysis).values() if n.statistic in wanted]


def _named(analysis: str, parameter: str, statistic: str, group: str, visit: str, level: str) -> str:
    named = f"analysis {analysis!r}, parameter {parameter!r}, visit {visit!r}, group {group!r}, statistic {statistic!r}"
    return named + (f", level {level!r}" if level else "")


class Records:
    """The observed records of a data set: values and texts by unit."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise Fault(f"{path}: the data set is missing; run the derive stage again")
        columns = read_columns(path)
        self._values: dict[tuple[str, str], dict[str, float]] = {}
        self._texts: dict[str, dict[str, str]] = {}
        fields = ("unit", "parameter", "visit", "value", "text", "status")
        for unit, parameter, visit, value, text, status in zip(*(columns[f] for f in fields), strict=True):
            if status != "observed":
                continue
            if text not in (None, ""):
                self._texts.setdefault(parameter, {})[unit] = text
            if value is not None and math.isfinite(value):
                self._values.setdefault((parameter, visit or ""), {})[unit] = value

    def values(self, parameter: str, visit: str = "") -> dict[str, float]:
        """Unit -> value, where one was observed, in the order of the records."""
        return self._values.get((parameter, visit), {})

    def texts(self, parameter: str) -> dict[str, str]:
        """Unit -> category of a parameter without visits, where one was observed."""
        return self._texts.get(parameter, {})

    def plain(self, parameter: str, unit: str) -> float | str | None:
        """What a population's expression compares: a category, or a number (1 and 0 for yes and no)."""
        text = self.texts(parameter).get(unit)
        return text if text not in (None, "yes", "no") else self.values(parameter).get(unit)
