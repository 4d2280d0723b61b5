"""Whether something in a log happened in the days of each visit: a preventive drug changed, another treatment begun."""

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.model.plan import Parameter
from omtrace.schemas import UNIT


class Options(Closed):
    """Which rows of a log, and which days belong to which visit."""

    table: str = Field(description="validated table, one row an event")
    day: str = Field(description="column with the day number")
    rows: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="column -> values; rows with one of them in each of the columns count"
    )
    windows: dict[str, tuple[int, int]] = Field(description="visit -> first and last day of its window", min_length=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """1 and "yes" for a unit with such a row in the window, else 0 and "no"; a no rests on no cell.

    A no is not known of a unit of which a row was quarantined, nor where a quarantined cell decides whether a row is
    such a row in the window; then there is no value.
    """
    if set(options.windows) != set(parameter.visits):
        hint = nearest(next(iter(set(options.windows) ^ set(parameter.visits))), parameter.visits)
        raise Fault(f"parameter {name}: windows: each visit of the parameter has one, and no other{hint}")
    tables = context.tables
    rows = tables.frame(options.table)
    tables.need(options.table, options.day, *options.rows)
    quarantine = tables.quarantine
    lost = quarantine.loc[(quarantine["table"] == options.table) & (quarantine["rule"] != "duplicate_row"), UNIT]
    unknown = set(lost.tolist())
    lost_cells = tables.lost_cells(options.table)
    lost_of = {column: set(keys) for column, keys in lost_cells.groupby("column")["key"]}
    doubtful = set().union(*(lost_of.get(column, ()) for column in (options.day, *options.rows)))
    for column, values in options.rows.items():
        rows = rows[rows[column].isin(values) | rows["key"].isin(lost_of.get(column, set()))]
    raw = [(tables.raw(options.table, column), "value") for column in options.rows]
    raw.append((tables.raw(options.table, options.day), "time"))
    records: list[tuple] = []
    cells = []
    for visit, (first, last) in options.windows.items():
        inside = rows[rows[options.day].between(first, last) | rows["key"].isin(lost_of.get(options.day, set()))]
        keys: dict[str, list[int]] = {}
        open_units = set()
        for unit, key in zip(inside[UNIT], inside["key"], strict=True):
            if key in doubtful:
                open_units.add(unit)
            else:
                keys.setdefault(unit, []).append(key)
        for unit in context.units:
            yes = unit in keys
            if not yes and (unit in unknown or unit in open_units):
                part = "row" if unit in unknown else "cell"
                records.append((unit, visit, None, None, f"a {part} of {options.table} was quarantined"))
                continue
            records.append((unit, visit, float(yes), "yes" if yes else "no", "observed"))
            cells += [(unit, visit, key, column, role) for key in keys.get(unit, ()) for column, role in raw]
    return Found.of(records, cells, (options.table,))


DERIVATION = Derivation(Options, derive)
