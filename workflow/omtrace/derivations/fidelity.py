"""Fidelity to the protocol of a treatment: how much of what was to be done in the sessions was done, and as planned."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.schemas import UNIT

if TYPE_CHECKING:
    import pandas

COLUMNS = ("session", "movement", "technique", "region", "seconds")  # of the table of movements


class Step(Closed):
    """One movement of the protocol."""

    technique: str = Field(description="technique")
    region: str = Field("", description="region of the body; none: any")


class Options(Closed):
    """The protocol, and what is to be told of it."""

    table: str = Field(description="validated table, one row a movement: session, movement, technique, region, seconds")
    attended: str = Field(description="parameter declared before: how many sessions were attended")
    steps: tuple[Step, ...] = Field(description="the movements of a session, in their order", min_length=1)
    seconds: float = Field(60, description="how long each of them lasts", gt=0)
    tolerance: float = Field(10, description="seconds by which a movement may be longer or shorter", ge=0)
    give: Literal["sessions", "percent"] = Field(
        description="sessions: how many had every movement of the protocol and no other; percent: of the movements of "
        "the protocol that were to be done in the sessions attended, those done as it says"
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """The number of faithful sessions, or the share of faithful movements, of each unit.

    A movement is faithful if technique and region are those of the protocol at its place in the order, and its length
    is within the tolerance. A unit has no value where a movement's row was quarantined, or a cell of one is missing.
    """
    declared = context.dataset.parameters.get(options.attended)
    if declared and declared.visits:
        raise Fault(f"parameter {name}: attended: {options.attended!r} has visits; a number of sessions has none")
    tables, attended = context.tables, context.earlier(name, options.attended, ())
    rows = tables.frame(options.table).reset_index(drop=True)
    tables.need(options.table, *COLUMNS)
    faithful = _faithful(rows, options)
    quarantine = tables.quarantine
    lost = quarantine.loc[(quarantine["table"] == options.table) & (quarantine["rule"] != "duplicate_row"), UNIT]
    lost_cells = tables.lost_cells(options.table)
    unknown = set(lost.tolist()) | set(lost_cells.loc[lost_cells["column"].isin(COLUMNS), UNIT].tolist())
    open_rows = rows[list(COLUMNS)].isna().any(axis=1)
    gaps = rows.loc[open_rows, UNIT].value_counts().to_dict()
    per_session = faithful.groupby([rows[UNIT], rows["session"]]).agg(["sum", "size"])
    whole = (per_session["sum"] == len(options.steps)) & (per_session["size"] == len(options.steps))
    sessions = whole.groupby(level=0).sum().to_dict()
    movements = faithful.groupby(rows[UNIT]).sum().to_dict()
    records: list[tuple] = []
    for row in attended.records.itertuples():
        if row.status != "observed":
            records.append((row.unit, "", None, None, f"{options.attended} {row.status}"))
        elif row.unit in unknown:
            continue  # the grid says which rule
        elif row.unit in gaps:
            records.append((row.unit, "", None, None, f"incomplete: {gaps[row.unit]} movements not described in full"))
        elif options.give == "sessions":
            records.append((row.unit, "", float(sessions.get(row.unit, 0)), None, "observed"))
        elif row.value == 0:
            records.append((row.unit, "", None, None, "no session attended"))
        else:
            share = 100 * movements.get(row.unit, 0) / (row.value * len(options.steps))
            records.append((row.unit, "", float(share), None, "observed"))
    own = [
        (unit, "", key, tables.raw(options.table, column), "value")
        for column in COLUMNS
        for unit, key in zip(rows[UNIT], rows["key"], strict=True)
        if unit not in unknown
    ]
    derived = Found.of(records, own, (options.table,))
    place = {unit: at for at, unit in enumerate(derived.records["unit"])}
    behind = [(row.Index, place[row.unit]) for row in attended.records.itertuples() if row.unit in place]
    counted = attended.cells.behind([there for there, _ in behind], [here for _, here in behind])
    return replace(derived, cells=Cells.joined([derived.cells, counted]))


def _faithful(rows: "pandas.DataFrame", options: Options) -> "pandas.Series":
    """Of each movement whether it is that of the protocol at its place, for as long."""
    steps = dict(enumerate(options.steps, 1))
    technique = rows["movement"].map({at: step.technique for at, step in steps.items()})
    region = rows["movement"].map({at: step.region for at, step in steps.items()})
    same = (rows["technique"] == technique) & ((region == "") | (rows["region"] == region))
    length = (rows["seconds"].astype("float64") - options.seconds).abs() <= options.tolerance
    return (same & length).astype("bool")


DERIVATION = Derivation(Options, derive)
