"""The full grid of a dataset: every enrolled unit at every visit has one record, found in the data or not."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from omtrace.derivations import Context, Found
from omtrace.faults import Fault
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.columns import NO_ROWS
from omtrace.provenance.texts import arrow, chosen, places
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow


@dataclass(frozen=True)
class Reasons:
    """The status of each record of a grid (n,), and the cells that broken rules point at."""

    status: "pandas.Series"
    cells: list[Cells]


class Grid:
    """The units of a dataset; what many parameters share, columns of units and lost cells, is looked up once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.known: list[tuple[pyarrow.Array, numpy.ndarray]] = []
        self.lost: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[int, tuple[str, int, str]]] = {}

    def numbers(self, units: "pandas.Series") -> "numpy.ndarray":
        """Which unit of the roster each is (n,); -1: none of it."""
        texts = arrow(units)
        for known, numbers in self.known:
            if texts.equals(known):
                return numbers
        self.known.append((texts, places(texts, self.context.roster)))
        return self.known[-1][1]

    def laid(self, found: Found, parameter: Parameter, where: str) -> Found:
        """What was found, on the grid: visit by visit every unit; what was not found says why.

        Raises Fault for a visit that the dataset does not declare, and for two records of a unit and visit.
        """
        import numpy
        import pandas

        visits, size = list(self.context.dataset.visits) if parameter.visits else [""], len(self.context.roster)
        visit = places(found.records["visit"], visits)
        if (visit < 0).any():
            at = "at visits that the dataset does not declare" if parameter.visits else "by visit, but has no visits"
            raise Fault(f"{where}: is found {at}; check its visits, its options and the visits of its table")
        unit = self.numbers(found.records["unit"])
        scheduled = numpy.array([v in (parameter.visits or ("",)) for v in visits])
        place = numpy.where((unit >= 0) & scheduled[visit], visit * size + unit, -1)
        source = numpy.full(len(visits) * size, -1)
        source[place[place >= 0]] = numpy.flatnonzero(place >= 0)
        if (source >= 0).sum() < (place >= 0).sum():
            raise Fault(f"{where}: more than one row for a unit and visit; use derive: mean, or narrow it with where")
        reasons = self._reasons(found, visits, numpy.repeat(scheduled, size), source)
        records = {
            "unit": self.context.roster.take(numpy.tile(numpy.arange(size), len(visits))).reset_index(drop=True),
            "visit": chosen(numpy.repeat(numpy.arange(len(visits)), size), visits),
            "value": numpy.append(found.records["value"].to_numpy("float64"), numpy.nan)[source],
            "text": found.records["text"].array.take(source, allow_fill=True),
            "status": reasons.status,
        }
        parts = found.parts and cache(lambda: found.parts().reindex(source).reset_index(drop=True))  # type: ignore[misc]
        return Found(
            pandas.DataFrame(records), Cells.joined([found.cells.moved(place), *reasons.cells]), found.tables, parts
        )

    def _reasons(self, found: Found, visits: list[str], scheduled: "numpy.ndarray", source: "numpy.ndarray") -> Reasons:
        import numpy
        import pandas

        status = found.records["status"]
        empty = self._without_rows(found)
        names = [empty or "not collected", "not scheduled"]
        at = numpy.where(source >= 0, source, len(status) + ~scheduled)
        missing = (source < 0) | numpy.append(status.isna().to_numpy(), True)[source]
        at[missing] = (len(status) + ~scheduled)[missing]
        cells = []
        for place, (rule, key, column) in self._lost(found.tables, tuple(visits)).items():
            if missing[place] and scheduled[place]:
                at[place] = len(status) + len(names)
                names.append(f"quarantined: {rule}{'; ' if empty else ''}{empty}")
                cells.append(Cells.of([place], [key], column, "quarantined"))
        every = pandas.concat([status, pandas.Series(names, dtype="str")])
        return Reasons(every.take(at).reset_index(drop=True), cells)

    def _without_rows(self, found: Found) -> str:
        """That a table has no row left, where all tables of what was found are so; "" otherwise."""
        frames = self.context.tables.frames
        empty = [name for name in found.tables if not len(frames[name])]
        return f"table {empty[0]} {NO_ROWS}" if empty and len(empty) == len(found.tables) else ""

    def _lost(self, names: tuple[str, ...], visits: tuple[str, ...]) -> dict[int, tuple[str, int, str]]:
        """Places on the grid whose row, or a cell of it, was quarantined: primary rule, key and raw column."""
        import pandas

        if (names, visits) in self.lost:
            return self.lost[names, visits]
        tables, size = self.context.tables, len(self.context.roster)
        reasons = self.lost[names, visits] = {}
        for name in names:
            lost = tables.quarantine[tables.quarantine["table"] == name]
            cells = tables.lost_cells(name)
            if len(cells) and UNIT in cells:
                raw = [tables.raw(name, column) for column in cells["column"]]
                lost = pandas.concat([lost, cells.assign(column=raw)])
            wide = "visit" not in tables.frames[name].columns  # one row a unit, whatever the visit
            units = self.numbers(lost[UNIT]).tolist() if len(lost) else []
            why = zip(*(lost[column] for column in ("rule", "key", "column")), strict=True)
            for unit, visit, reason in zip(units, lost["visit"], why, strict=True):
                for at, name_of in enumerate(visits):
                    if unit >= 0 and (wide or visit == name_of):
                        reasons.setdefault(at * size + unit, reason)
        return reasons
