"""Responses to von Frey filaments applied up and down: one row a stimulus."""

from omtrace.schemas import Column, Reference, Table, unit_column, visit_column

TABLE = Table(
    row="one stimulus of an animal at a site and visit",
    key=("unit_id", "site", "visit", "stimulus"),
    columns=(
        unit_column("animal"),
        visit_column(),
        Column("site", "text", "where it was tested", allowed=("periorbital", "hind_paw"), required=True),
        Column("stimulus", "integer", "ordinal of the stimulus in its series", "count", 1, 30, required=True),
        Column("filament_g", "number", "force of the filament", "g", 0.001, 300, required=True),
        Column("response", "text", "X: withdrawal; O: none", allowed=("O", "X"), required=True),
    ),
    references=(Reference("unit_id", "animals", "unit_id"),),
    source="up-and-down method of Dixon 1980 as used by Chaplan 1994, J Neurosci Methods 53:55-63",
)
