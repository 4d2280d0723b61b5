"""Open field: how far, how long and where a mouse moves: one row a mouse."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one mouse in the open field",
    key=("animal_id",),
    columns=(
        unit_column("mouse, or its batch and strain"),
        Column("animal_id", "text", "mouse", required=True),
        Column("batch", "text", "batch of mice bought and operated together", required=True),
        Column("strain", "text", "inbred strain", required=True),
        Column("treatment", "text", "sham operation or ovariectomy", allowed=("SHAM", "OVX"), required=True),
        Column("distance_cm", "number", "distance moved", "cm", 0),
        Column("moving_s", "number", "time moving", "s", 0),
        Column("vertical", "integer", "vertical movements", "count", 0),
        Column("margin_cm", "number", "distance moved in the margin", "cm", 0),
        Column("centre_cm", "number", "distance moved in the centre", "cm", 0),
        Column("centre_percent", "number", "time in the centre", "%", 0, 100),
    ),
    source="Schoenrock 2016, Physiol Behav 167:404-412; the units of distance are not stated with the data",
)
