"""A headache trial as one wide row a patient, the visits in the columns' suffixes (1, 2, 5)."""

from omtrace.schemas import Column, Rule, Table, unit_column

PACKS = {"1": "baseline", "2": "3 months", "5": "12 months"}


def by_pack(stem: str, description: str, unit: str, high: float) -> tuple[Column, ...]:
    """One column a questionnaire pack."""
    return tuple(
        Column(f"{stem}{pack}", "number", f"{description}, {when}", unit, 0, high) for pack, when in PACKS.items()
    )


SF36 = {
    "pf": "physical functioning", "rlp": "role limitation, physical", "rle": "role limitation, emotional",
    "ef": "energy", "ewb": "emotional well being", "sf": "social functioning", "p": "pain", "gen": "general health",
    "hc": "change in health",
}  # fmt: skip
VISITS = {
    "gp": "visits to general practitioners", "spec": "visits to specialists", "acu": "visits to acupuncturists",
    "other": "visits to other complementary practitioners",
}  # fmt: skip


def days_without_diary(pack: str) -> Rule:
    """Zero headache days where the diary of that pack is missing is no observation."""
    return Rule(
        f"days_without_diary_{pack}",
        f"no headache days where the diary score of {PACKS[pack]} is blank",
        (f"f{pack}", f"pk{pack}"),
        lambda frame: ~(frame[f"pk{pack}"].isna() & (frame[f"f{pack}"] == 0)),
        severity="warn",
        example=f"f{pack} = 0 beside a blank pk{pack}",
        fix=f"count the days as missing by a repair in the plan, with the reason: column f{pack} becomes ''",
    )


TABLE = Table(
    row="one randomised patient",
    key=("unit_id",),
    columns=(
        unit_column("patient"),
        Column("age", "integer", "age", "years", 16, 100, required=True),
        Column("sex", "integer", "sex (1 female)", "code", allowed=(0, 1), required=True),
        Column(
            "migraine", "integer", "migraine (1) or tension-type headache (0)", "code", allowed=(0, 1), required=True
        ),
        Column("chronicity", "number", "years of headache", "years", 0, 80, required=True),
        Column("acupuncturist", "text", "acupuncturist's code: the paper's site", required=True),
        Column("practice_id", "text", "general practice", required=True),
        Column("date_randomized", "date", "day of randomisation"),
        Column("group", "text", "allocation", allowed=("acupuncture", "control"), required=True),
        *by_pack("pk", "weekly headache score", "points", 150),
        *by_pack("f", "headache days in 28 days", "d", 28),
        *(column for stem, what in SF36.items() for column in by_pack(stem, f"SF-36 {what}", "points", 100)),
        *by_pack("painmedspk", "pain medication in 4 weeks, medication quantification scale", "points", 1000),
        *by_pack("prophmqs", "prophylactic medication in 4 weeks, medication quantification scale", "points", 1000),
        Column("allmedsbaseline", "number", "all medication in 4 weeks at baseline", "points", 0, 1000),
        Column("allmedsfu", "number", "all medication in 4 weeks, mean of 3 and 12 months", "points", 0, 1000),
        *(
            Column(f"total{stem}", "integer", f"{what} in the months recorded", "visits", 0, 400)
            for stem, what in VISITS.items()
        ),
        Column("exposure", "integer", "months of recorded resource use", "months", 3, 12),
        Column("totaldos", "number", "days off sick in the months recorded", "d", 0, 366),
        Column("exposuredos", "integer", "months of recorded days off sick", "months", 3, 12),
    ),
    rules=(days_without_diary("2"), days_without_diary("5")),
    source="Vickers 2006, Trials 7:15, additional file 1 and its dictionary; the trial: BMJ 2004;328:744",
)
