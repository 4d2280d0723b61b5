"""A headache trial as one wide row a patient, the visits in the columns' suffixes (1, 2, 5)."""

from omtrace.schemas import Column, Rule, Table, unit_column

PACKS = {"1": "baseline", "2": "3 months", "5": "12 months"}


def by_pack(stem: str, description: str, unit: str, high: float) -> tuple[Column, ...]:
    """One column a questionnaire pack."""
    return tuple(
        Column(f"{stem}{pack}", "number", f"{description}, {when}", unit, 0, high) for pack, when in PACKS.items()
    )


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
    ),
    rules=(days_without_diary("2"), days_without_diary("5")),
    source="Vickers 2006, Trials 7:15, additional file 1 and its dictionary; the trial: BMJ 2004;328:744",
)
