"""Damage to a whole column: its unit, its order of dates, its marks, its alignment."""

from random import Random

from .operators import RIGHT, Damage, operator, rewritten, spot
from .study import Field, Study

PEOPLE = ("omt_feasibility", "omt_rct")


def whole(study: Study, random: Random, fits, change) -> Damage | None:  # type: ignore[no-untyped-def]
    """Every filled cell of a column changed."""
    fields = [f for f in study.fields if fits(f)]
    return column_damage(study, random.choice(fields), change) if fields else None


def column_damage(study: Study, f: Field, change) -> Damage:  # type: ignore[no-untyped-def]
    records = study.records(f.file)
    at = records.header.index(f.raw)
    records.map(lambda n, c: [*c[:at], change(c[at]), *c[at + 1 :]] if n and c[at] else c)
    return rewritten(f.file, records, spot(f.file, (), f.raw))


def is_quantity(f: Field) -> bool:
    return f.raw in ("weight_g", "conc", "density", "threshold_g", "airq", "concentration_pg_ml")


def scaled(text: str, factor: float) -> str:
    try:
        return f"{float(text) * factor:.10g}"
    except ValueError:
        return text


def reordered(text: str, pattern: str) -> str:
    year, month, day = text.split("-") if text.count("-") == 2 else ("", "", "")
    return pattern.format(y=year, m=month, d=day) if year else text


@operator("decimal commas throughout a column", "rat_dnase_elisa", wanted=RIGHT)
def decimal_commas(study: Study, random: Random) -> Damage | None:
    f = random.choice([f for f in study.fields if f.raw in ("density", "conc")])
    return column_damage(study, f, lambda text: text.replace(".", ","))


@operator("decimal commas throughout a column, beside whole numbers", ("headache_diary", "rat_two_hit"))
def decimal_commas_and_whole_numbers(study: Study, random: Random) -> Damage | None:
    f = random.choice([f for f in study.fields if f.raw in ("airq", "threshold_g", "concentration_pg_ml")])
    return column_damage(study, f, lambda text: text.replace(".", ","))


@operator("day first in all dates of a column", PEOPLE, wanted=RIGHT)
def day_first(study: Study, random: Random) -> Damage | None:
    pattern = random.choice(["{d}/{m}/{y}", "{d}.{m}.{y}"])
    return whole(study, random, lambda f: f.column.kind == "date", lambda t: reordered(t, pattern))


@operator("month first in all dates of a column", PEOPLE, wanted=RIGHT)
def month_first(study: Study, random: Random) -> Damage | None:
    return whole(study, random, lambda f: f.column.kind == "date", lambda t: reordered(t, "{m}/{d}/{y}"))


@operator("dates of which none tells whether the day comes first", "omt_rct")
def dates_ambiguous(study: Study, random: Random) -> Damage | None:
    def early(text: str) -> str:
        year, month, day = text.split("-")
        return f"{int(day) % 12 + 1:02d}/{month}/{year}"

    return whole(study, random, lambda f: f.column.kind == "date", early)


@operator("dates of a column as serial numbers", PEOPLE)
def dates_as_serials(study: Study, random: Random) -> Damage | None:
    return whole(
        study, random, lambda f: f.column.kind == "date", lambda t: str(45000 + int(t[-2:]) if t.count("-") == 2 else t)
    )


@operator("two-digit years throughout a column", PEOPLE)
def two_digit_years(study: Study, random: Random) -> Damage | None:
    return whole(study, random, lambda f: f.column.kind == "date", lambda t: reordered(t, "{d}/{m}/") + t[2:4])


@operator("all dates of a file moved by years", PEOPLE)
def dates_moved(study: Study, random: Random) -> Damage | None:
    def later(text: str) -> str:
        return f"{int(text[:4]) + 3}{text[4:]}".replace("-02-29", "-02-28") if text.count("-") == 2 else text

    return whole(study, random, lambda f: f.column.kind == "date", later)


@operator("another unit throughout a column whose bounds tell", "rat_two_hit")
def unit_of_column(study: Study, random: Random) -> Damage | None:
    raw, factor = random.choice(
        [("weight_g", 0.001), ("weight_g", 1000), ("threshold_g", 1000), ("threshold_g", 0.001)]
    )
    return whole(study, random, lambda f: f.raw == raw, lambda t: scaled(t, factor))


@operator(
    "another unit throughout a column without narrow bounds",
    ("rat_dnase_elisa", "headache_diary"),
    blind="all numbers move together: only declared bounds, or a second export, can tell",
)
def unit_of_unbounded_column(study: Study, random: Random) -> Damage | None:
    return whole(study, random, lambda f: f.raw in ("conc", "airq"), lambda t: scaled(t, random.choice([1000, 0.001])))


@operator("answers from 0 instead of from 1", PEOPLE)
def answers_from_zero(study: Study, random: Random) -> Damage | None:
    records_of = [f for f in study.fields if f.raw.startswith("hit6_") and f.raw[5:].isdigit()]
    f = random.choice(records_of)
    records = study.records(f.file)
    places = [n for n, name in enumerate(records.header) if name.startswith("hit6_") and name[5:].isdigit()]
    records.map(lambda n, c: [str(int(t) - 1) if n and at in places and t.isdigit() else t for at, t in enumerate(c)])
    return rewritten(f.file, records, spot(f.file, (), {g.raw for g in records_of} | {"hit6_total"}))


@operator("yes and no as 1 and 2 instead of 1 and 0", ("omt_rct", "omt_feasibility"))
def other_coding(study: Study, random: Random) -> Damage | None:
    fits = [f for f in study.fields if f.column.allowed == (0, 1)]
    return column_damage(study, random.choice(fits), lambda t: {"0": "2"}.get(t, t))


@operator("one column sorted alone", ("omt_rct", "omt_feasibility"))
def column_sorted_alone(study: Study, random: Random) -> Damage | None:
    f = random.choice(
        [
            f
            for f in study.fields
            if f.raw in ("session_on", "allocated_on", "hit6_total", "hit6_3", "stratum", "hit6_on")
        ]
    )
    records = study.records(f.file)
    at = records.header.index(f.raw)
    filled = [n for n, r in enumerate(records.all) if n and r.cells[at]]
    texts = iter(sorted((records.all[n].cells[at] for n in filled), reverse=True))
    records.map(lambda n, c: [*c[:at], next(texts), *c[at + 1 :]] if n in filled else c)
    return rewritten(f.file, records, spot(f.file, (), {f.raw, "hit6_total"}))


@operator("one column slipped down by a row", ("omt_rct", "rat_two_hit", "omt_feasibility"))
def column_slipped(study: Study, random: Random) -> Damage | None:
    names = ("session_on", "hit6_total", "hit6_2", "stratum", "section", "sequence", "treatment", "concentration_pg_ml")
    f = random.choice([f for f in study.fields if f.raw in names])
    records = study.records(f.file)
    at = records.header.index(f.raw)
    texts = ["", *(r.cells[at] for r in records.all[1:-1])]
    records.map(lambda n, c: [*c[:at], texts[n - 1], *c[at + 1 :]] if n else c)
    return rewritten(f.file, records, spot(f.file))


@operator("a column filled down over its blanks", "omt_feasibility")
def filled_down(study: Study, random: Random) -> Damage | None:
    f = random.choice([f for f in study.fields if f.raw in ("age", "sex", "enrolled_on", "hit6_total", "session_on")])
    records = study.records(f.file)
    at = records.header.index(f.raw)
    held = [""]

    def fill(n: int, cells: list[str]) -> list[str]:
        if n:
            held[0] = cells[at] or held[0]
            return [*cells[:at], held[0], *cells[at + 1 :]]
        return cells

    records.map(fill)
    return rewritten(f.file, records, spot(f.file))
