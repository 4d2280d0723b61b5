"""When the assessments took place: one row a participant and visit."""

from omtrace.schemas import Column, Table, unit_column, visit_column

TABLE = Table(
    row="one assessment visit of a participant",
    key=("unit_id", "visit"),
    columns=(
        unit_column("participant"),
        visit_column(),
        Column("visit_on", "date", "day of the assessment", required=True),
    ),
    source="the study's visit schedule as this project declares it; windows are the plan's matter",
)
