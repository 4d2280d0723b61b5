"""What identifies people directly, in places where it does not belong."""

from random import Random

from .operators import Damage, operator, rewritten, spot
from .study import Study

PEOPLE = ("omt_feasibility", "omt_rct")
# Names of people of public record, as there is no need to make any up.
NAMES = ("Andrew Still", "William Sutherland", "Harold Magoun", "John Littlejohn", "Viola Frymann")


def with_column(study: Study, random: Random, name: str, text) -> Damage:  # type: ignore[no-untyped-def]
    """A column more in a random file."""
    path = random.choice(study.delimited)
    records = study.records(path)
    records.map(lambda n, cells: [*cells, text(n, random) if n else name])
    return rewritten(path, records, spot(path, (), name))


def in_comment(study: Study, random: Random, text: str) -> Damage | None:
    """A text in a free comment."""
    path = random.choice([f for f in study.delimited if "visit_note" in study.records(f).header])
    records = study.records(path)
    line = random.choice([r.line for r in records.all[1:] if r.text.endswith(",")])
    records.change(line, {"visit_note": text})
    return rewritten(path, records, spot(path, (), "visit_note"))


@operator("an e-mail address in a comment", PEOPLE)
def email_in_comment(study: Study, random: Random) -> Damage | None:
    return in_comment(study, random, "please write to p17@example.org about the diary")


@operator("a telephone number in a comment", PEOPLE)
def phone_in_comment(study: Study, random: Random) -> Damage | None:
    return in_comment(
        study, random, random.choice(["call back: +49 30 901820", "reach her at (212) 555-0142", "Tel. 020 7946 0018"])
    )


@operator("a name with its title in a comment", PEOPLE)
def name_in_comment(study: Study, random: Random) -> Damage | None:
    return in_comment(study, random, f"seen by {random.choice(['Dr.', 'Mr', 'Mrs.'])} {random.choice(NAMES)} today")


@operator("an e-mail address as the id", PEOPLE)
def email_as_id(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random, "sessions")
    raw = study.plan.tables["sessions"].raw("unit_id")
    records = study.records(row.file)
    records.change(row.line, {raw: "p17@example.org"})
    return rewritten(row.file, records, spot(row.file, (), raw))


@operator("a column of names", PEOPLE)
def name_column(study: Study, random: Random) -> Damage | None:
    return with_column(
        study, random, random.choice(["patient_name", "nachname", "last_name"]), lambda n, r: r.choice(NAMES)
    )


@operator("a column of names under another heading", PEOPLE)
def name_column_disguised(study: Study, random: Random) -> Damage | None:
    return with_column(study, random, random.choice(["col_7", "x1", "comment_2"]), lambda n, r: r.choice(NAMES))


@operator("a column of dates of birth", PEOPLE)
def birth_column(study: Study, random: Random) -> Damage | None:
    def born(n: int, r: Random) -> str:
        return f"{r.randint(1950, 2000)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"

    return with_column(study, random, random.choice(["dob", "birth_date", "geburtsdatum", "c3"]), born)


@operator("a column of e-mail addresses", PEOPLE)
def email_column(study: Study, random: Random) -> Damage | None:
    return with_column(study, random, random.choice(["email", "contact", "c9"]), lambda n, r: f"p{n}@example.org")


@operator("a column of telephone numbers", PEOPLE)
def phone_column(study: Study, random: Random) -> Damage | None:
    return with_column(
        study, random, random.choice(["phone", "mobile", "c8"]), lambda n, r: f"+1 212 555 {r.randint(100, 199):04d}"
    )


@operator("a column of addresses", PEOPLE)
def address_column(study: Study, random: Random) -> Damage | None:
    return with_column(
        study, random, random.choice(["address", "street", "c5"]), lambda n, r: f"{r.randint(1, 99)} Station Road"
    )


@operator("a column that no table reads")
def column_added(study: Study, random: Random) -> Damage | None:
    return with_column(study, random, random.choice(["remark_2", "checked", "x_5"]), lambda n, r: r.choice(["", "ok"]))
