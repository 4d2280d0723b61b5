"""Who takes part: one row a participant."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one enrolled participant",
    key=("unit_id",),
    columns=(
        unit_column("participant"),
        Column("enrolled_on", "date", "day of enrolment", required=True),
        Column("age", "integer", "age at enrolment", "years", 18, 60, required=True,
               source="inclusion criterion of NCT04520425: 18 to 60 years"),
        Column("sex", "text", "sex", allowed=("male", "female"), required=True),
    ),
    source="the enrolment form as this project declares it",
)  # fmt: skip
