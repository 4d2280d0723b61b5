"""Animals that were excluded, with the reason: one row an animal."""

from omtrace.schemas import Column, Reference, Table, unit_column

TABLE = Table(
    row="one animal that was excluded",
    key=("unit_id",),
    columns=(
        unit_column("animal"),
        Column("stage", "text", "when it was excluded",
               allowed=("before_allocation", "treatment", "measurement", "analysis"), required=True),
        Column("reason", "text", "code of the reason, as stated beforehand in the plan", required=True),
        Column("excluded_on", "date", "day of the exclusion"),
    ),
    references=(Reference("unit_id", "animals", "unit_id"),),
    source="ARRIVE 2.0, item 3: exclusions with reasons, by criteria set beforehand",
)  # fmt: skip
