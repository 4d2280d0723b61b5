"""Damage to whole rows: cells shifted, rows lost, doubled, torn, or put where they do not belong."""

from random import Random

from .operators import RIGHT, Damage, operator, replaced, rewritten, spot
from .records import Records, written
from .study import Row, Study

PEOPLE = ("omt_feasibility", "omt_rct")


def picked(study: Study, random: Random, *tables: str) -> tuple[Row, Records]:
    row = study.chosen(random, *tables)
    return row, study.records(row.file)


def of_row(study: Study, random: Random, change) -> Damage | None:  # type: ignore[no-untyped-def]
    """Other cells in one random row; the finding must name its line."""
    row, records = picked(study, random)
    cells = list(records.all[records.at(row.line)].cells)
    new = change(cells, random)
    if new is None or new == cells:
        return None
    records.set(row.line, new)
    return rewritten(row.file, records, spot(row.file, row.line))


@operator("a cell too many: the rest of the row stands one to the right")
def row_shifted_right(study: Study, random: Random) -> Damage | None:
    def change(cells: list[str], random: Random) -> list[str]:
        at = random.randrange(1, len(cells))
        return [*cells[:at], "", *cells[at:]]

    return of_row(study, random, change)


@operator("a cell too few: the rest of the row stands one to the left")
def row_shifted_left(study: Study, random: Random) -> Damage | None:
    def change(cells: list[str], random: Random) -> list[str]:
        at = random.randrange(1, len(cells))
        return [*cells[:at], *cells[at + 1 :]]

    return of_row(study, random, change)


@operator("cells from one column on moved one to the right, the last one lost")
def shifted_within_row(study: Study, random: Random) -> Damage | None:
    def change(cells: list[str], random: Random) -> list[str] | None:
        filled = [n for n, cell in enumerate(cells) if cell and n < len(cells) - 2]
        at = random.choice(filled)
        return [*cells[:at], "", *cells[at:-1]]

    return of_row(study, random, change)


@operator("cells from one column on moved one to the left, the first one lost")
def shifted_left_within_row(study: Study, random: Random) -> Damage | None:
    def change(cells: list[str], random: Random) -> list[str] | None:
        at = random.choice([n for n, cell in enumerate(cells) if cell and n < len(cells) - 1])
        new = [*cells[:at], *cells[at + 1 :], ""]
        return new if sum(a != b for a, b in zip(cells, new, strict=True)) > 2 else None

    return of_row(study, random, change)


@operator("two cells of different columns change places")
def cells_swapped(study: Study, random: Random) -> Damage | None:
    row = study.chosen(random)
    fields = [f for f in study.fields if f.table == row.table and f.file == row.file]
    if len(fields) < 2:
        return None
    one, two = random.sample(fields, 2)
    a, b = (study.text(row.file, row.line, f.raw) for f in (one, two))
    alike = one.column.kind == two.column.kind and one.codes == two.codes and one.column.maximum == two.column.maximum
    if a == b or alike or "" in (a, b):
        return None
    records = study.records(row.file)
    records.change(row.line, {one.raw: b, two.raw: a})
    return rewritten(row.file, records, spot(row.file, row.line, (one.raw, two.raw)))


@operator("an unquoted comma in a text: the row has a cell too many", ("omt_feasibility", "omt_rct", "rat_two_hit"))
def comma_without_quotes(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    cells = records.all[records.at(row.line)].cells
    records.raw(row.line, written(cells) + ",see notes")
    return rewritten(row.file, records, spot(row.file, row.line))


@operator("one row with another delimiter")
def delimiter_of_one_row(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    records.raw(row.line, written(records.all[records.at(row.line)].cells, random.choice(";\t|")))
    return rewritten(row.file, records, spot(row.file, row.line))


@operator("the line break between two rows is lost")
def line_break_lost(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    n = records.at(row.line)
    if n + 1 >= len(records.all):
        return None
    records.raw(row.line, records.all[n].text + records.all[n + 1].text)
    records.all.pop(n + 1)
    return rewritten(row.file, records, spot(row.file, row.line))


@operator("a line break within an unquoted cell")
def line_break_in_cell(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    text = records.all[records.at(row.line)].text
    if '"' in text:
        return None
    at = random.randrange(1, len(text))
    records.raw(row.line, text[:at] + "\n" + text[at:])
    return rewritten(row.file, records, spot(row.file, (row.line, row.line + 1)))


@operator("a row twice, the same in every cell", ("omt_feasibility", "omt_rct", "rat_two_hit", "headache_diary"))
def row_twice(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    records.insert(records.at(row.line) + 1, records.all[records.at(row.line)].text)
    n = records.at(row.line) + 1
    return rewritten(row.file, records, spot(row.file, (row.line, records.line_of(n))))


@operator("a row twice, with another value", ("omt_feasibility", "omt_rct", "rat_two_hit", "headache_diary"))
def row_twice_changed(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    table = study.clean.works[row.table].table
    fields = [f for f in study.fields if f.table == row.table and f.column.name not in table.key and f.codes]
    fields = [f for f in fields if study.text(row.file, row.line, f.raw) in f.codes]
    if not fields:
        return None
    f = random.choice(fields)
    cells = records.row(row.line)
    cells[f.raw] = random.choice([code for code in f.codes if code != cells[f.raw]])
    n = records.at(row.line) + 1
    records.insert(n, written([cells[name] for name in records.header]))
    return rewritten(row.file, records, spot(row.file, (row.line, records.line_of(n))))


@operator("a block of rows pasted twice", ("omt_rct", "rat_two_hit", "headache_diary"))
def block_twice(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    n = records.at(row.line)
    block = [r.text for r in records.all[n : n + 5]]
    end = len(records.all)
    for text in block:
        records.insert(len(records.all), text)
    lines = {records.line_of(end + k) for k in range(len(block))} | {r.line for r in records.all[n : n + 5]}
    return rewritten(row.file, records, spot(row.file, lines))


@operator("an empty line in the middle", wanted=RIGHT)
def empty_line(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    records.insert(records.at(row.line), "")
    return rewritten(row.file, records)


@operator("a row of delimiters alone")
def row_of_delimiters(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    n = records.at(row.line)
    records.insert(n, "," * (len(records.header) - 1))
    return rewritten(row.file, records, spot(row.file, records.line_of(n)))


@operator("a row of totals at the end")
def total_row(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.insert(len(records.all), "Total" + "," * (len(records.header) - 1))
    return rewritten(path, records, spot(path, records.line_of(len(records.all) - 1)))


@operator("a remark below the table")
def remark_below(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    records = study.records(path)
    records.insert(len(records.all), "exported for the interim look")
    return rewritten(path, records, spot(path, records.line_of(len(records.all) - 1)))


@operator("the header again in the middle")
def header_in_the_middle(study: Study, random: Random) -> Damage | None:
    row, records = picked(study, random)
    n = records.at(row.line)
    records.insert(n, records.all[0].text)
    return rewritten(row.file, records, spot(row.file, records.line_of(n)))


@operator(
    "the whole export appended a second time, with its header", ("omt_feasibility", "rat_two_hit", "headache_diary")
)
def export_appended(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    content = study.files[path]
    return replaced(path, content + content, spot(path, 1 + content.count(b"\n")))


@operator("the rows in another order", wanted=RIGHT)
def rows_in_another_order(study: Study, random: Random) -> Damage | None:
    path = random.choice(study.delimited)
    if (
        any(f.file == path and f.rule == "duplicate_row" for f in study.clean.findings)
        or study.name == "rat_dnase_elisa"
    ):
        return None
    records = study.records(path)
    rest = records.all[1:]
    random.shuffle(rest)
    records.all[1:] = rest
    return rewritten(path, records)
