"""Thresholds of von Frey filaments applied up and down, from the response to each."""

from pydantic import Field, field_validator

from omtrace.derivations import Context, Derivation, Found
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT

PSPP = (0.41, 0.69, 1.20, 2.04, 3.63, 5.50, 8.51, 15.14)  # handles 3.61 to 5.18, pspp.ninds.nih.gov
NEAR = 0.02  # of a force: a filament written with fewer decimals is the same


class Options(Closed):
    """Which responses, and which filaments."""

    table: str = Field(description="validated table of responses, one row a stimulus")
    where: dict[str, str] = Field(default_factory=dict, description="only rows in which columns have these values")
    filaments: tuple[float, ...] = Field(
        PSPP, description="forces of the set in grams, the weakest first; default: handles 3.61 to 5.18", min_length=2
    )
    after: int = Field(4, description="responses that the protocol takes after the first change", ge=1)
    at_limit: bool = Field(
        True,
        description="no response to the strongest filament, or one to the weakest, without a change: its force; no: "
        "no value",
    )

    @field_validator("filaments")
    @classmethod
    def ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        """The weakest first, none twice."""
        if any(not 0 < a < b for a, b in zip(value, value[1:], strict=False)):
            raise ValueError("forces rise, and are above 0")
        return value


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The 50 % threshold of each unit and visit; a series that the method does not cover says why it has none."""
    from omtrace.statistics.assay.up_down import threshold

    tables = context.tables
    rows = tables.frame(options.table, options.where)
    tables.need(options.table, "stimulus", "filament_g", "response")
    raw = [tables.raw(options.table, column) for column in ("response", "filament_g")]
    rows = rows[rows["response"].notna() & rows["filament_g"].notna()]
    records, cells = [], []
    for (unit, visit), series in rows.groupby([UNIT, "visit"], sort=True):
        series = series.sort_values("stimulus", kind="stable")
        cells += [(unit, visit, key, column, "value") for key in series["key"] for column in raw]
        places = [_place(float(force), options.filaments) for force in series["filament_g"]]
        numbers = [int(number) for number in series["stimulus"]]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            status, value = "refused: a stimulus is missing", None
        elif None in places:
            status, value = "refused: a filament that is not in the set", None
        else:
            at = [place for place in places if place is not None]
            median, why = threshold(at, list(series["response"]), options.filaments, options.after)
            if not why and series["response"].nunique() == 1 and not options.at_limit:
                why = "beyond the last filament"
            status, value = (f"refused: {why}", None) if why else ("observed", median)
        records.append((unit, visit, value, None, status))
    return Found.of(records, cells, (options.table,))


def _place(force: float, filaments: tuple[float, ...]) -> int | None:
    """Which filament a force is, or None for none of the set."""
    at = min(range(len(filaments)), key=lambda i: abs(filaments[i] - force))
    return at if abs(filaments[at] - force) <= NEAR * filaments[at] else None


DERIVATION = Derivation(Options, derive)
