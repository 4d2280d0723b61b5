"""What was done to the animals: one row an animal, procedure and day."""

from omtrace.schemas import Column, Reference, Rule, Table, unit_column


def dose_complete(frame):
    """A dose has a unit and a route, and neither stands without a dose."""
    given = frame["dose"].notna()
    return (given == frame["dose_unit"].notna()) & (given == frame["route"].notna())


TABLE = Table(
    row="one procedure on one animal on one day",
    key=("unit_id", "procedure", "done_on"),
    columns=(
        unit_column("animal"),
        Column("procedure", "text", "what was done", required=True),
        Column("done_on", "date", "day of the procedure", required=True),
        Column("dose", "number", "dose; blank for a procedure without a substance", "as in dose_unit", 0),
        Column("dose_unit", "text", "unit of the dose"),
        Column("route", "text", "route of the dose"),
        Column("operator", "text", "pseudonym of who did it"),
    ),
    rules=(
        Rule("dose_complete", "dose, unit and route together, or none of them", ("dose", "dose_unit", "route"),
             dose_complete, example="10 without a unit, or mg/kg without a dose",
             fix="fill in what the procedure record says"),
    ),
    references=(Reference("unit_id", "animals", "unit_id"),),
    optional=("operator",),
    source="ARRIVE 2.0, item 9: procedure, dose, route and time",
)  # fmt: skip
