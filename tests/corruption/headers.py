"""Damage to the names of columns and to whole columns' places."""

from random import Random

from .operators import RIGHT, Damage, operator, rewritten, spot
from .records import Records
from .study import Field, Study


def chosen(study: Study, random: Random) -> tuple[Field, Records]:
    optional = {(w.name, c) for w in study.clean.works.values() for c in w.table.optional}
    f = random.choice([f for f in study.fields if (f.table, f.column.name) not in optional])
    return f, study.records(f.file)


def renamed(study: Study, random: Random, change) -> Damage | None:  # type: ignore[no-untyped-def]
    f, records = chosen(study, random)
    new = change(f.raw)
    if new == f.raw or new in records.header:
        return None
    records.map(lambda n, cells: [new if name == f.raw else name for name in cells] if n == 0 else cells)
    return rewritten(f.file, records, spot(f.file, (), (f.raw, "unit_id", new)), spot(f.file, 0))


@operator("a column under another name")
def header_renamed(study: Study, random: Random) -> Damage | None:
    return renamed(study, random, lambda name: random.choice(["col_1", "value", name + "_2", name + "_new"]))


@operator("a column's name in other case")
def header_other_case(study: Study, random: Random) -> Damage | None:
    return renamed(study, random, str.swapcase)


@operator("a blank behind a column's name")
def header_blank_behind(study: Study, random: Random) -> Damage | None:
    return renamed(study, random, lambda name: name + " ")


@operator("a column's name emptied")
def header_blank(study: Study, random: Random) -> Damage | None:
    return renamed(study, random, lambda name: "")


@operator("a column's name twice")
def header_doubled(study: Study, random: Random) -> Damage | None:
    f, records = chosen(study, random)
    other = random.choice([name for name in records.header if name != f.raw])
    records.map(lambda n, cells: [other if name == f.raw else name for name in cells] if n == 0 else cells)
    return rewritten(f.file, records)


@operator("a column is lost")
def column_lost(study: Study, random: Random) -> Damage | None:
    f, records = chosen(study, random)
    at = records.header.index(f.raw)
    records.map(lambda n, cells: [*cells[:at], *cells[at + 1 :]])
    return rewritten(f.file, records, spot(f.file, (), (f.raw, "unit_id")), spot(f.file, 0))


@operator("the header is lost")
def header_lost(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.drop(1)
    return rewritten(path, records)


@operator("a comment above the header")
def comment_on_top(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.insert(0, random.choice(["# exported 2024-05-02", "Report of site A", "sep=,"]))
    return rewritten(path, records)


@operator("an empty line above the header")
def empty_line_on_top(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.insert(0, "")
    return rewritten(path, records)


@operator("a second line of names below the header")
def second_header_line(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.insert(1, ",".join(f"({name.replace('_', ' ')})" for name in records.header))
    return rewritten(path, records, spot(path, 2), spot(path, 0))


@operator("a line of units below the header", ("rat_two_hit", "rat_dnase_elisa"))
def line_of_units(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.insert(1, ",".join(["[-]"] * (len(records.header) - 1) + ["[g]"]))
    return rewritten(path, records, spot(path, 2))


@operator("two names change places in the header only")
def names_swapped(study: Study, random: Random) -> Damage | None:
    f, records = chosen(study, random)
    others = [g for g in study.fields if g.file == f.file and g.raw != f.raw and g.column.kind != f.column.kind]
    if not others:
        return None
    g = random.choice(others)
    swap = {f.raw: g.raw, g.raw: f.raw}
    records.map(lambda n, cells: [swap.get(name, name) for name in cells] if n == 0 else cells)
    return rewritten(f.file, records, spot(f.file, (), (f.raw, g.raw)))


@operator(
    "two names of alike columns change places in the header only",
    ("omt_feasibility", "omt_rct"),
    blind="answers of two items are alike: found where a supplied total or a rule over both tells",
)
def alike_names_swapped(study: Study, random: Random) -> Damage | None:
    f, records = chosen(study, random)
    others = [g for g in study.fields if g.table == f.table and g.file == f.file and g.raw != f.raw]
    others = [
        g
        for g in others
        if (g.column.kind, g.column.maximum) == (f.column.kind, f.column.maximum) and g.codes == f.codes
    ]
    if not others or f.column.kind not in ("integer", "number"):
        return None
    g = random.choice(others)
    swap = {f.raw: g.raw, g.raw: f.raw}
    records.map(lambda n, cells: [swap.get(name, name) for name in cells] if n == 0 else cells)
    names = {c.raw for c in study.fields if c.table == f.table}
    return rewritten(f.file, records, spot(f.file, (), names))


@operator(
    "columns in another order, under their own names",
    ("rat_two_hit", "headache_diary", "rat_dnase_elisa"),
    wanted=RIGHT,
)
def columns_in_another_order(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    order = random.sample(range(len(records.header)), len(records.header))
    records.map(lambda n, cells: [cells[at] for at in order])
    return rewritten(path, records)


@operator("a column of row numbers without a name in front")
def index_column(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.map(lambda n, cells: [str(n) if n else "", *cells])
    return rewritten(path, records)


@operator("a delimiter more at the end of every row below the header")
def delimiter_at_row_ends(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.map(lambda n, cells: [*cells, ""] if n else cells)
    return rewritten(path, records)
