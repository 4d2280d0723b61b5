"""The raw cells behind all numbers of a study, as arrays: for lineage, and for the way from a cell to numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.model.estimate import Estimate
from omtrace.provenance.keys import number_of
from omtrace.provenance.links import written_out
from omtrace.provenance.recorded import RESULTS
from omtrace.store import read_coded, read_table

if TYPE_CHECKING:
    import numpy
    import pandas


@dataclass(frozen=True)
class Members:
    """A row set: its dataset, and of each of its records (n,) the number, role and reason ("" for one that is used)."""

    dataset: str
    record: "numpy.ndarray"
    role: "numpy.ndarray"
    reason: "numpy.ndarray"

    @property
    def used(self) -> "numpy.ndarray":
        """The numbers of the records that are used, each once."""
        import numpy

        return numpy.unique(self.record[self.reason == ""])


class Backing:
    """The row sets, records and raw cells of a study.

    Parameters
    ----------
    study
        The study, whose results are below ``root``.
    root
        The folder that holds results/.
    """

    def __init__(self, study: str, root: str | Path = ".") -> None:
        self.folder = Path(root) / RESULTS / study
        self._cells: dict[str, pandas.DataFrame] = {}
        self._records: dict[str, pandas.DataFrame] = {}

    @cached_property
    def members(self) -> dict[str, Members]:
        """The row sets by their addresses."""
        frame = self._table("rowsets.parquet").fillna("")
        columns = ("record", "role", "reason")
        return {
            str(name): Members(str(part["dataset"].iloc[0]), *(part[column].to_numpy() for column in columns))
            for name, part in frame.groupby("rowset", sort=True)
        }

    def records(self, dataset: str) -> "pandas.DataFrame":
        """The records of a dataset, by their numbers."""
        if dataset not in self._records:
            self._records[dataset] = self._table(f"datasets/{dataset}.parquet").set_index("record", drop=False)
        return self._records[dataset]

    def cells(self, dataset: str) -> "pandas.DataFrame":
        """Record, key, column and role of every raw cell behind a dataset, those that records share written out."""
        if dataset not in self._cells:
            try:
                table = written_out(read_coded(self.folder / f"datasets/{dataset}.cells.parquet"))
            except (OSError, ValueError) as error:
                raise self._fault(f"datasets/{dataset}.cells.parquet", error) from None
            self._cells[dataset] = table.to_pandas()
        return self._cells[dataset]

    def behind(self, members: Members, used_only: bool = True) -> "pandas.DataFrame":
        """Record, key, column and role of the raw cells behind a row set. ``used_only``: of the records it uses."""
        cells = self.cells(members.dataset)
        return cells[cells["record"].isin(members.used if used_only else members.record)]

    def _table(self, name: str) -> "pandas.DataFrame":
        try:
            return read_table(self.folder / name)
        except (OSError, ValueError) as error:
            raise self._fault(name, error) from None

    def _fault(self, name: str, error: Exception) -> Fault:
        where = f"{RESULTS.as_posix()}/{self.folder.name}/{name}"
        return Fault(f"{where}: not readable ({type(error).__name__}); run snakemake {self.folder.name}")


def lineage_lines(backing: Backing, numbers: Iterable[Estimate], with_cells: bool) -> list[dict[str, object]]:
    """The way of each number as entries for JSON lines, those that several share once.

    Parameters
    ----------
    backing
        The study's row sets and cells.
    numbers
        The rows of its estimates.
    with_cells
        Whether each row set names its raw cells (``key:column``) and the units left out, with how many there are of
        each. Without, it names the files alone, since a count may be small.

    Returns
    -------
    list of dict
        Of the kind ``rowset``: ``id``, ``dataset``, ``units_used``, ``records_used``, ``units_left_out`` by reason, and
        ``files``: register number -> rows and cells. Of the kind ``number``: ``id``, ``value``, ``unit``, ``rowset``,
        ``definition``.
    """
    wanted = {number.rowset for number in numbers}
    lines = [_rowset_line(backing, name, with_cells) for name in backing.members if name in wanted]
    parts = ("id", "value", "unit", "rowset", "definition")
    return lines + [{"kind": "number", **{part: number[part] for part in parts}} for number in numbers]


def _rowset_line(backing: Backing, name: str, with_cells: bool) -> dict[str, object]:
    from omtrace.provenance.keys import key_text

    members = backing.members[name]
    unit = backing.records(members.dataset)["unit"]
    left_out: dict[str, set[str]] = {}
    for reason in sorted(set(members.reason) - {""}):
        left_out[reason] = set(unit.loc[members.record[members.reason == reason]])
    cells = backing.behind(members)[["key", "column"]].drop_duplicates().sort_values(["key", "column"])
    number = cells["key"].map(number_of)
    files = {
        str(export): {"rows": int(part["key"].nunique()), "cells": len(part)} for export, part in cells.groupby(number)
    }
    if not with_cells:
        return {"kind": "rowset", "id": name, "dataset": members.dataset, "files": sorted(files)}
    return {
        "kind": "rowset",
        "id": name,
        "dataset": members.dataset,
        "units_used": int(unit.loc[members.used].nunique()),
        "records_used": len(members.used),
        "units_left_out": {reason: len(units) for reason, units in left_out.items()},
        "files": files,
        "left_out": {reason: sorted(units) for reason, units in left_out.items()},
        "cells": [f"{key_text(int(k))}:{c}" for k, c in zip(cells["key"], cells["column"], strict=True)],
    }
