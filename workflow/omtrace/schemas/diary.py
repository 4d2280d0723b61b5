"""Daily headache diary of a trial: one row a day that was filled in."""

from omtrace.schemas import Column, Reference, Table, unit_column

TABLE = Table(
    row="one diary day of a participant",
    key=("unit_id", "study_day"),
    columns=(
        unit_column("participant"),
        Column("study_day", "integer", "day counted from the first session (1); the day before is -1", "d", -28, 84,
               required=True, source="the randomised trial's design: 28 days before the first session to day 84"),
        Column("headache", "integer", "headache that day (1 yes)", "code", allowed=(0, 1), required=True),
        Column("migraine", "integer", "migraine that day (1 yes)", "code", allowed=(0, 1), required=True),
        Column("pain_max", "integer", "worst pain of the day (0 none, 10 the worst imaginable)", "points", 0, 10),
        Column("acute_medication", "integer", "acute medication taken (1 yes)", "code", allowed=(0, 1)),
    ),
    references=(Reference("unit_id", "allocation", "unit_id"),),
    source="the trial's diary as this project declares it; what makes a migraine day is settled by the study "
    "(proposals: van der Arend 2023, Cephalalgia)",
)  # fmt: skip
