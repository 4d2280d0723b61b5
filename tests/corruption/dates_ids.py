"""Damage to single dates and to the ids that say whose a row is."""

import re
from datetime import date, timedelta
from random import Random

from .cells import cell_damage, declare, is_date, is_id
from .operators import Damage, operator, spot
from .study import Field, Study

PEOPLE = ("omt_feasibility", "omt_rct")
LISTED = ("omt_feasibility", "omt_rct", "rat_two_hit")


def parts(text: str) -> tuple[str, str, str]:
    year, month, day = text.split("-")
    return year, month, day


def formatted(f: Field, text: str, random: Random) -> str:
    year, month, day = parts(text)
    return random.choice([f"{day}/{month}/{year}", f"{day}.{month}.{year}", f"{month}/{day}/{year}"])


def moved(days: int) -> str:
    return (date(1899, 12, 30) + timedelta(days)).isoformat()


def year_off(f: Field, text: str, random: Random) -> str:
    year, month, day = parts(text)
    return f"{int(year) + random.choice([-1, 1, -10])}-{month}-{'28' if (month, day) == ('02', '29') else day}"


def swapped_day_month(f: Field, text: str, random: Random) -> str:
    year, month, day = parts(text)
    far = abs(int(month) - int(day)) >= 3
    return f"{year}-{day}-{month}" if int(day) <= 12 and far else text


declare("date_other_order", "one date written day or month first", is_date, formatted, studies=PEOPLE)
declare(
    "date_that_is_none",
    "30 February, month 13, day 0",
    is_date,
    studies=PEOPLE,
    change=lambda f, t, r: t[:4] + r.choice(["-02-30", "-13-05", "-04-31", "-05-00"]),
)
declare(
    "date_in_words",
    "a date in words",
    is_date,
    lambda f, t, r: r.choice(["March 2024", "spring", "last week"]),
    studies=PEOPLE,
)
declare("date_two_digit_year", "a year of two digits", is_date, lambda f, t, r: t[2:], studies=PEOPLE)
declare("date_cut_off", "a date without its day", is_date, lambda f, t, r: t[:7], studies=PEOPLE)
declare(
    "date_as_serial",
    "the serial number of a spreadsheet for a date",
    is_date,
    studies=PEOPLE,
    change=lambda f, t, r: str((date.fromisoformat(t) - date(1899, 12, 30)).days),
)
declare("date_with_time", "a date with a time of day", is_date, lambda f, t, r: f"{t} 10:15", studies=PEOPLE)
declare(
    "date_in_future",
    "a date years ahead",
    is_date,
    lambda f, t, r: f"{int(t[:4]) + 40}{t[4:]}".replace("-02-29", "-02-28"),
    studies=PEOPLE,
)
declare("year_off", "a slip in the year", is_date, year_off, studies=PEOPLE)
declare(
    "day_month_swapped",
    "day and month in each other's place in an ISO date",
    is_date,
    swapped_day_month,
    studies=PEOPLE,
)
declare(
    "year_zero",
    "the first day of a computer's calendar",
    is_date,
    lambda f, t, r: r.choice(["1970-01-01", "1900-01-01"]),
    studies=PEOPLE,
)


# ids
def lost_zero(f: Field, text: str, random: Random) -> str:
    return re.sub(r"0+(?=[1-9])", "", text)


declare(
    "id_of_nobody", "an id that nobody has", is_id, studies=LISTED, change=lambda f, t, r: re.sub(r"[0-9]+$", "999", t)
)
declare("id_other_case", "an id in other case", is_id, lambda f, t, r: t.lower(), studies=LISTED)
declare("id_zero_lost", "an id without its leading zero", is_id, lost_zero, studies=LISTED)
declare(
    "id_scientific",
    "an id turned into a number",
    is_id,
    lambda f, t, r: r.choice(["1E+05", "1.00E+02"]),
    studies=LISTED,
)
declare(
    "id_as_date",
    "an id turned into a date",
    is_id,
    lambda f, t, r: r.choice(["1-Mar", "Sep-02", "2024-03-01"]),
    studies=LISTED,
)
declare(
    "id_blank_behind",
    "a blank behind the id",
    is_id,
    lambda f, t, r: t + r.choice([" ", "\u00a0", "\t"]),
    studies=LISTED,
)
declare(
    "id_look_alike",
    "a Cyrillic letter in the id",
    is_id,
    studies=LISTED,
    change=lambda f, t, r: t.translate(str.maketrans("RSTM", "\u0420\u0405\u0422\u041c")),
)
declare(
    "id_letter_o", "the letter O for a zero in the id", is_id, lambda f, t, r: t.replace("0", "O", 1), studies=LISTED
)
declare("id_blank", "a row without its id", is_id, lambda f, t, r: "", studies=LISTED)
declare("id_with_remark", "a remark behind the id", is_id, lambda f, t, r: t + " (repeat)", studies=LISTED)


def two_rows(study: Study, random: Random, table: str, same_visit: bool = True):  # type: ignore[no-untyped-def]
    """Two rows of different units, of one visit (or of one rest of the key)."""
    first = study.chosen(random, table)
    rest = [c for c in study.clean.works[table].table.key if c != "unit_id"] if same_visit else []
    others = [r for r in study.of(table, **{c: first.values[c] for c in rest}) if r.unit != first.unit]
    return (first, random.choice(others)) if others else None


def swap(study: Study, random: Random, table: str, raw: str) -> Damage | None:
    """The ids of two rows change places."""
    pair = two_rows(study, random, table)
    if pair is None:
        return None
    one, two = pair
    a, b = study.text(one.file, one.line, raw), study.text(two.file, two.line, raw)
    spots = (spot(one.file, (one.line, two.line), ()),)
    cells = {(one.file, one.line, raw): b, (two.file, two.line, raw): a}
    return Damage(spots, cells=cells, units=frozenset({one.unit, two.unit}))


@operator(
    "the ids of two rows of the questionnaires change places",
    PEOPLE,
    single=True,
    blind="answers of people who began at about the same time: only the source document knows",
)
def ids_swapped_in_questionnaires(study: Study, random: Random) -> Damage | None:
    return swap(study, random, "hit6", "record_id")


@operator("the ids of two session rows change places", PEOPLE, single=True)
def ids_swapped_in_sessions(study: Study, random: Random) -> Damage | None:
    return swap(study, random, "sessions", study.plan.tables["sessions"].raw("unit_id"))


@operator(
    "the ids of two rows of thresholds or counts change places",
    "rat_two_hit",
    single=True,
    blind="two animals' numbers of one kind are alike: only the source document knows",
)
def ids_swapped_in_measurements(study: Study, random: Random) -> Damage | None:
    return swap(study, random, random.choice(["von_frey", "cell_counts"]), "animal_id")


@operator("the id of another unit that has this row already", LISTED, single=True)
def id_of_another(study: Study, random: Random) -> Damage | None:
    table = random.choice(sorted({t for t, _ in study.rows} - {"plate_layout", "plate_signals", "cages"}))
    pair = two_rows(study, random, table)
    if pair is None:
        return None
    one, two = pair
    raw = study.plan.tables[table].raw("unit_id")
    damage = cell_damage(one, raw, study.text(two.file, two.line, raw))
    spots = (spot(one.file, (one.line, two.line), raw),)
    return Damage(spots, cells=damage.cells, units=frozenset({one.unit, two.unit}))
