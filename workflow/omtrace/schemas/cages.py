"""Cages: one row a cage."""

from omtrace.schemas import Column, Table

TABLE = Table(
    row="one cage",
    key=("cage_id",),
    columns=(
        Column("cage_id", "text", "cage", required=True),
        Column("room", "text", "room", required=True),
        Column("rack_row", "text", "row of the rack", required=True),
    ),
    source="ARRIVE 2.0, item 4: where cages stand is recorded",
)
