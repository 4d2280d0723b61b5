"""An estimate: a row of estimates.csv, from the run that makes it to the figure, the page and the export."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from pathlib import Path

from omtrace.store import read_csv

# Column of estimates.csv -> the attribute that has it, in the order of both; the number of decimals alone is no text.
COLUMNS = {
    name: {"value": "text"}.get(name, name)
    for name in "id analysis parameter population group visit level statistic value unit decimals rowset definition "
    "data".split()
}

SUPPRESSED = "suppressed"  # a further column in share mode
HELD_BACK = "[c]"  # how a number that is held back is shown: the symbol for confidential of official statistics
# All cells of a row at once: a study of a thousand plates has tens of thousands of rows.
CELLS_OF_ROW, CELLS_OF_ESTIMATE = itemgetter(*COLUMNS), attrgetter(*COLUMNS.values())
DECIMALS = [*COLUMNS].index("decimals")


@dataclass(frozen=True)
class Estimate:
    """One number of a study: what it is, its value, and what it rests on.

    ``estimate["value"]`` is a cell as it is stored, by the name of its column; attributes are typed.

    Attributes
    ----------
    id
        Names the number: 12 hex digits.
    analysis, parameter, population, group, visit, level, statistic
        What the number is, by the names of the plan.
    text
        The value as it is stored, a decimal; "" where there is none.
    unit, decimals
        The unit, and how many decimals are shown.
    rowset, definition
        Addresses of the records behind it, and of the analysis call.
    data
        Simulated or real.
    suppressed
        Why the value is held back, in share mode; "": it is not.
    shown, suffix
        The value as people read it, and the sign of percent behind it.
    labels, full, name
        What it is in the plan's labels; the same without the group of everybody; and as one text.
    exploratory
        Whether it is a p value in no family of hypotheses.
    """

    id: str
    analysis: str
    parameter: str
    population: str
    group: str
    visit: str
    level: str
    statistic: str
    text: str
    unit: str
    decimals: int
    rowset: str
    definition: str
    data: str
    suppressed: str = ""
    shown: str = ""
    suffix: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    full: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    exploratory: bool = False

    @classmethod
    def of(cls, row: Mapping[str, str]) -> "Estimate":
        """The estimate of a row of estimates.csv. Raises KeyError for a row that is none."""
        cells = [*CELLS_OF_ROW(row), row.get(SUPPRESSED, "")]
        cells[DECIMALS] = int(cells[DECIMALS] or 0)
        return cls(*cells)

    def __getitem__(self, column: str) -> str:
        return self.suppressed if column == SUPPRESSED else str(getattr(self, COLUMNS[column]))

    @property
    def value(self) -> float:
        """The value, NaN where there is none."""
        return float(self.text) if self.text else math.nan

    def cells(self) -> list[str]:
        """The row of estimates.csv."""
        return [*map(str, CELLS_OF_ESTIMATE(self))]


def read_estimates(path: str | Path, begins: str = "") -> list[Estimate]:
    """The estimates of a file; ``begins``: only those whose id, which comes first, begins so.

    Raises ValueError for a file that is none.
    """
    rows = read_csv(path, begins)
    try:
        return [Estimate.of(row) for row in rows]
    except KeyError as error:
        raise ValueError(f"{Path(path).name}: no column {error}") from None
