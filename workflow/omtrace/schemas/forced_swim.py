"""Forced swim: how long a mouse does not move: one row a mouse."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one mouse in the forced swim test",
    key=("animal_id",),
    columns=(
        unit_column("mouse, or its batch and strain"),
        Column("animal_id", "text", "mouse", required=True),
        Column("batch", "text", "batch of mice bought and operated together", required=True),
        Column("strain", "text", "inbred strain", required=True),
        Column("treatment", "text", "sham operation or ovariectomy", allowed=("SHAM", "OVX"), required=True),
        Column("immobile_percent", "number", "time immobile", "%", 0, 100),
    ),
    source="Schoenrock 2016, Physiol Behav 167:404-412",
)
