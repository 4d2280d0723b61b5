"""Mechanical thresholds by von Frey filaments: one row an animal, site and hour."""

from omtrace.schemas import Column, Reference, Table, unit_column, visit_column

TABLE = Table(
    row="one threshold of an animal at a site and hour",
    key=("unit_id", "site", "visit"),
    columns=(
        unit_column("animal"),
        visit_column(),
        Column("site", "text", "where it was tested", allowed=("periorbital", "hind_paw"), required=True),
        Column("threshold_g", "number", "50% withdrawal threshold; the strongest filament has 15.14 g", "g", 0.1, 15.2,
               required=True),
    ),
    references=(Reference("unit_id", "animals", "unit_id"),),
    source="von Frey up-and-down thresholds; filaments of 0.41 to 15.14 g as in the NINDS PSPP set, sites as in Byrd "
    "2024, doi:10.3389/fpain.2024.1280589",
)  # fmt: skip
