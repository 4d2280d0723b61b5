"""The wells of all plates as columns, sorted by plate: one read of the dataset, each text made once for all wells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace import store
from omtrace.study.plan import Plan, PlatePages

if TYPE_CHECKING:
    import numpy
    import pyarrow

NAME = re.compile(r"(?:.*[/ ])?([A-P])0?(\d{1,2})")


@dataclass(frozen=True)
class Wells:
    """The wells of some plates: columns of one length, those of plate ``n`` at ``starts[n]`` to ``starts[n + 1]``.

    ``level`` (nominal concentration) and ``signal`` are NaN where there is none; ``status`` is the signal's.
    """

    names: Sequence[str]  # A1 ... P24
    roles: Sequence[str]
    level: "numpy.ndarray"
    signal: "numpy.ndarray"
    status: Sequence[str]
    starts: Sequence[int]

    def of_plate(self, n: int) -> range:
        """Where the wells of a plate are."""
        return range(self.starts[n], self.starts[n + 1])


def wells_of(plan: Plan, pages: PlatePages, root: Path) -> Wells:
    """The wells of the groups of the plan's dataset of wells, in the order of the groups and of their records.

    A unit whose name is no place on a plate is left out.
    """
    import numpy

    dataset = plan.datasets[pages.dataset]
    wanted = [dataset.group, pages.signal, pages.concentration, *([pages.role] if pages.role else [])]
    table = store.read_part(root / "datasets" / f"{pages.dataset}.parquet", "parameter", wanted,
                            ["parameter", "unit", "value", "text", "status"])  # fmt: skip
    columns = {name: _Column(table, name) for name in dict.fromkeys(wanted)}
    units = columns[pages.signal].units
    plates = {group: n for n, group in enumerate(dataset.groups)}
    at = numpy.array([plates.get(text, -1) for text in columns[dataset.group].texts_of(units)], "int64")
    names = ["".join(found.groups()) if (found := NAME.fullmatch(unit)) else "" for unit in units]
    at[[not name for name in names]] = -1
    order = numpy.argsort(at, kind="stable")[numpy.count_nonzero(at < 0) :]
    roles = columns[pages.role].texts_of(units) if pages.role else [""] * len(units)
    level, signal = (columns[name].values_of(units)[order] for name in (pages.concentration, pages.signal))
    status = columns[pages.signal].status
    picked = order.tolist()
    return Wells([names[n] for n in picked], [roles[n] for n in picked], level, signal, [status[n] for n in picked],
                 numpy.searchsorted(at[order], numpy.arange(len(plates) + 1)).tolist())  # fmt: skip


class _Column:
    """The records of one parameter of wells, which have no visit."""

    def __init__(self, table: "pyarrow.Table", name: str) -> None:
        import pyarrow.compute as compute

        self.name = name
        self.table = table.filter(compute.equal(table.column("parameter"), name))
        self.units: list[str] = self.table.column("unit").to_pylist()

    @property
    def status(self) -> list[str]:
        """Why there is no value, or that there is one."""
        return self.table.column("status").to_pylist()

    def texts_of(self, units: Sequence[str]) -> list[str]:
        """The text of each well, or its value as text; "" without both."""
        self._need(units)
        texts, values = (self.table.column(name).to_pylist() for name in ("text", "value"))
        return [text or ("" if value is None else str(value)) for text, value in zip(texts, values, strict=True)]

    def values_of(self, units: Sequence[str]) -> "numpy.ndarray":
        """The value of each well; NaN without one."""
        self._need(units)
        return self.table.column("value").to_numpy()

    def _need(self, units: Sequence[str]) -> None:
        if self.units != units:
            raise ValueError(f"parameter {self.name}: not one record for each well")
