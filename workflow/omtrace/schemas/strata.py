"""What the randomisation was stratified by: one row a participant."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="the site and migraine type of one participant",
    key=("unit_id",),
    columns=(
        unit_column("participant"),
        Column("site", "text", "study site", required=True),
        Column("migraine_type", "text", "type of migraine", allowed=("episodic", "chronic"), required=True),
    ),
    source="the randomised trial's strata as this project declares them; chronic migraine as in ICHD-3",
)
