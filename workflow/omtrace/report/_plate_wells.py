"""The wells of all plates as columns, sorted by plate: each file is read once, each text made once for all wells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.analyses._shown import shown
from omtrace.model.plan import DatasetPlan, Plan, PlatePages
from omtrace.report._plate_svg import places_on

if TYPE_CHECKING:
    import numpy
    import pyarrow

NAME = re.compile(r"([A-Z]|A[A-F])0?([1-9]|[1-3]\d|4[0-8])")  # the end of a unit's name
NOT_AMONG = re.compile(r"not in population (\w+).*")


@dataclass(frozen=True)
class Wells:
    """The wells of some plates: columns of one length, those of plate ``n`` at ``starts[n]`` to ``starts[n + 1]``.

    Within a plate they stand by row and column. ``level`` (nominal concentration) and ``signal`` are NaN where there is
    none; ``status`` is the signal's; ``left_out`` says why a well with a signal is no part of the plate's curve or
    verdict, or nothing; ``others`` are further columns of texts, by title; ``states`` the statuses of printed values.
    """

    units: Sequence[str]
    names: Sequence[str]  # A1 ... AF48
    records: Sequence[int]  # of the signal
    roles: Sequence[str]
    samples: Sequence[str]
    level: "numpy.ndarray"
    signal: "numpy.ndarray"
    status: Sequence[str]
    others: Mapping[str, Sequence[str]]
    states: Mapping[str, Sequence[str]]
    starts: Sequence[int]
    left_out: list[str]

    def of_plate(self, n: int) -> range:
        """Where the wells of a plate are."""
        return range(self.starts[n], self.starts[n + 1])

    def folds(self, which: range) -> int:
        """How many times the rows and columns of a plate of 96 wells it has: 1, 2 (384 wells) or 4 (1536 wells)."""
        names = self.names[which.start : which.stop]
        return next((folds for folds in (1, 2) if places_on(folds).keys() >= {*names}), 4)


def wells_of(plan: Plan, pages: PlatePages, root: Path) -> Wells:
    """The wells of the groups of the plan's dataset of wells, in the order of the groups.

    A unit whose name is no place on a plate is left out.
    """
    import numpy

    dataset = plan.datasets[pages.dataset]
    printed = [
        str(entry.options["printed"])
        for entry in plan.analyses.values()
        if entry.method == "agreement" and entry.dataset == pages.dataset
    ]
    wanted = list(dict.fromkeys([dataset.group, *pages.parameters(), *printed]))
    table = store.read_rows(
        root / "datasets" / f"{pages.dataset}.parquet",
        "parameter",
        wanted,
        ["record", "unit", "value", "text", "status"],
    )
    columns = _Columns(table, pages.signal)
    units = store.plain(columns.of(pages.signal, "unit"))
    plates = {group: n for n, group in enumerate(dataset.groups)}
    at = numpy.array([plates.get(text, -1) for text in columns.texts(dataset.group)], "int64")
    ends = [unit[max(unit.rfind("/"), unit.rfind(" ")) + 1 :] for unit in units]
    known = {end: "".join(found.groups()) if (found := NAME.fullmatch(end)) else "" for end in set(ends)}
    numbered = {name: number for number, name in enumerate(places_on(4))}
    place = {end: numbered.get(name, -1) for end, name in known.items()}
    names = [known[end] for end in ends]
    places = numpy.array([place[end] for end in ends], "int64")
    at[places < 0] = -1
    order = numpy.lexsort((places, at))[numpy.count_nonzero(at < 0) :]
    which = order.tolist()

    def picked(texts: Sequence) -> list:
        return [texts[n] for n in which]

    shown_too = [name for name in dict.fromkeys([pages.read, *printed]) if name]
    return Wells(
        picked(units),
        picked(names),
        columns.of(pages.signal, "record").to_numpy()[order].tolist(),
        picked(columns.texts(pages.role)),
        picked(columns.texts(pages.sample)),
        columns.values(pages.concentration)[order],
        columns.values(pages.signal)[order],
        picked(columns.status(pages.signal)),
        {titled(dataset, name): picked(columns.shown(name, dataset.parameters[name].decimals)) for name in shown_too},
        {name: picked(columns.status(name)) for name in printed},
        numpy.searchsorted(at[order], numpy.arange(len(plates) + 1)).tolist(),
        [""] * len(order),
    )


def titled(dataset: DatasetPlan, name: str) -> str:
    """A parameter's label with its unit."""
    parameter = dataset.parameters[name]
    return f"{parameter.label} ({parameter.unit})" if parameter.unit else parameter.label


def leave_out(wells: Wells, root: Path, dataset: DatasetPlan, curves: Sequence[str], verdicts: Sequence[str]) -> None:
    """Fill in ``left_out`` from the row sets of curves, which are about standards, and those of verdicts."""
    import numpy
    import pyarrow
    import pyarrow.compute as compute

    rows = store.read_rows(root / "rowsets.parquet", "rowset", {*curves, *verdicts}, ["record", "reason"])
    read = numpy.array([status == "observed" for status in wells.status], bool)
    records = numpy.array(wells.records, "int64")
    standards = pyarrow.array(records[read & ~numpy.isnan(wells.level)])
    judged = compute.is_in(rows["rowset"], value_set=pyarrow.array(verdicts, pyarrow.string()))
    about = compute.or_(judged, compute.is_in(rows["record"], value_set=standards))
    rows = rows.append_column("judged", judged).filter(compute.and_(compute.not_equal(rows["reason"], ""), about))
    found: dict[int, str] = {}
    for record, reason, first in zip(*(rows[name].to_pylist() for name in ("record", "reason", "judged")), strict=True):
        if first or record not in found:
            found[record] = reason
    for n in numpy.flatnonzero(read & numpy.isin(records, list(found))).tolist():
        wells.left_out[n] = f"left out: {_why(wells, n, dataset, found[wells.records[n]])}"


def _why(wells: Wells, n: int, dataset: DatasetPlan, reason: str) -> str:
    """Why a well is left out, in words: the condition of the analysis set that it fails, or the name of that set."""
    named = NOT_AMONG.fullmatch(reason)
    if not named or named[1] not in dataset.populations:
        return reason
    among = dataset.populations[named[1]]
    missing = (
        states[n]
        for name, states in wells.states.items()
        if re.search(rf"\b{name}\b", among.where) and states[n] != "observed"
    )
    return next(missing, f"not among {among.label}").removeprefix("coded missing: ")


class _Columns:
    """The records of parameters of wells, which have no visit: one record for each well, in one order."""

    def __init__(self, table: "pyarrow.Table", first: str) -> None:
        """``first``: the parameter whose units the others must have."""
        self.table, self.first = table, first
        self.parts: dict[str, pyarrow.Table] = {}

    def of(self, name: str, column: str) -> "pyarrow.ChunkedArray":
        """A column of the records of one parameter. Raises ValueError for records of other wells."""
        import pyarrow.compute as compute

        if name not in self.parts:
            self.parts[name] = self.table.filter(compute.equal(self.table.column("parameter"), name))
        if name != self.first and not self.parts[name].column("unit").equals(self.of(self.first, "unit")):
            raise ValueError(f"parameter {name}: not one record for each well")
        return self.parts[name].column(column)

    def texts(self, name: str) -> list[str]:
        """The text of each well, or its value as text; "" without both, or without a parameter of this name."""
        if not name:
            return [""] * len(self.of(self.first, "unit"))
        texts, values = self.of(name, "text"), self.of(name, "value")
        if values.null_count == len(values):
            return [text or "" for text in store.plain(texts)]
        return [
            text or ("" if value is None else str(value))
            for text, value in zip(store.plain(texts), values.to_pylist(), strict=True)
        ]

    def status(self, name: str) -> list[str]:
        """Of each well, why there is no value, or that there is one."""
        return store.plain(self.of(name, "status"))

    def values(self, name: str) -> "numpy.ndarray":
        """The value of each well; NaN without one."""
        return self.of(name, "value").to_numpy().astype("float64")

    def shown(self, name: str, decimals: int) -> list[str]:
        """The value of each well as text; "" without one."""
        return [
            shown(store.number_text(value), decimals, "") if value is not None else ""
            for value in self.of(name, "value").to_pylist()
        ]
