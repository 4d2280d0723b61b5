"""Group tables that a plate reader's software prints: one row a well of a standard, sample or control."""

from omtrace.schemas import Column, Table

TABLE = Table(
    row="one well in a group table of the reader's software",
    key=("unit_id",),
    columns=(
        Column("unit_id", "text", "the well: export / plate / well", required=True),
        Column("plate", "text", "plate, counted in its file", required=True),
        Column("plate_id", "text", "export and plate", required=True),
        Column("group", "text", "group of the reader's software", required=True),
        Column("role", "text", "what the well holds", allowed=("standard", "sample", "control"), required=True),
        Column("sample", "text", "sample as named by the laboratory"),
        Column("concentration", "number", "nominal concentration of a standard", "pg/mL", 0),
        Column("value", "number", "signal as printed, A450 - A620", "OD", -0.5, 6.0),
        Column("back_calculated", "number", "concentration as printed by the software", "pg/mL"),
        Column("dilution", "number", "dilution of the sample", "fold", 1),
    ),
    source="group tables of SoftMax Pro exports, as in Feng 2019, PLoS ONE 14(4):e0209060",
)
