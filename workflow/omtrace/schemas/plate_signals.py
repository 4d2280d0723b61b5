"""Plate readings: one row a plate, read (wavelength) and well."""

from omtrace.schemas import Column, Table

TABLE = Table(
    row="the reading of one well at one wavelength",
    key=("unit_id", "wavelength"),
    columns=(
        Column("unit_id", "text", "the well: plate / well", required=True),
        Column("wavelength", "text", "wavelength in nm, which names the read", required=True),
        Column("signal", "number", "absorbance", "OD", -0.5, 6.0, required=True, reading=True),
    ),
    source="raw reads of a plate reader's export; bounds wider than the range of the readers, declared by this project",
)
