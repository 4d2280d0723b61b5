"""Daily headache diary of a trial: one row a day that was filled in."""

from omtrace.schemas import Column, Reference, Rule, Table, unit_column


def without_headache(frame):
    """A day without headache has neither migraine nor pain."""
    return (frame["headache"] != 0) | ((frame["migraine"].fillna(0) == 0) & (frame["pain_max"].fillna(0) == 0))


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
    rules=(
        Rule("no_day_zero", "a day before the first session (-1 and less) or from it on (1 and more)", ("study_day",),
             lambda frame: frame["study_day"] != 0, example="day 0 beside days -1 and 1"),
        Rule("pain_without_headache", "neither migraine nor pain on a day without headache",
             ("headache", "migraine", "pain_max"), without_headache, severity="note",
             example="no headache, and pain of 5"),
    ),
    references=(Reference("unit_id", "allocation", "unit_id"),),
    source="the trial's diary as this project declares it; what makes a migraine day is settled by the study "
    "(proposals: van der Arend 2023, Cephalalgia)",
)  # fmt: skip
