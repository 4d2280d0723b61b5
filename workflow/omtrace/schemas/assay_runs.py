"""Standard curves of repeated assay runs: one row a well."""

from omtrace.schemas import Column, Table

TABLE = Table(
    row="one well of an assay run",
    key=("unit_id",),
    columns=(
        Column("unit_id", "text", "the well: run and row of the file", required=True),
        Column("run", "text", "assay run", required=True),
        Column("concentration", "number", "concentration of the standard", "ng/mL", 0, required=True),
        Column("signal", "number", "optical density", "OD", -0.5, 6.0, required=True),
    ),
    source="Davidian and Giltinan 1995, Nonlinear Models for Repeated Measurement Data; DNase in R's datasets",
)
