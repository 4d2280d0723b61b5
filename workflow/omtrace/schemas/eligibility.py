"""What the exclusion criteria ask about earlier treatment: one row a participant."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="the eligibility answers of one participant",
    key=("unit_id",),
    columns=(
        unit_column("participant"),
        Column("botox_ever", "integer", "onabotulinumtoxinA for headache, now or before (1 yes)", allowed=(0, 1)),
        Column("topiramate_12m", "integer", "topiramate in the last 12 months (1 yes)", allowed=(0, 1)),
    ),
)
