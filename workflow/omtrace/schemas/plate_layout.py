"""Plate layouts: one row a well in use."""

from omtrace.schemas import Column, Table

TABLE = Table(
    row="one well of a plate and what was put into it",
    key=("unit_id",),
    columns=(
        Column("unit_id", "text", "the well: plate / well", required=True),
        Column("plate", "text", "plate", required=True),
        Column(
            "role", "text", "what the well holds", allowed=("standard", "blank", "sample", "control"), required=True
        ),
        Column("sample", "text", "standard, control or animal"),
        Column("concentration", "number", "nominal concentration of a standard", "pg/mL", 0),
        Column("dilution", "number", "dilution of the sample", "fold", 1),
    ),
)
