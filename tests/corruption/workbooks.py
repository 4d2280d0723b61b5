"""Damage to workbooks: what a spreadsheet keeps that a text does not."""

import io
from datetime import datetime
from random import Random

from .as_workbooks import AS_WORKBOOKS, saved
from .operators import RIGHT, Damage, operator, replaced, spot
from .study import Study

BOOKS = "rat_two_hit" + AS_WORKBOOKS
FILES = ("data/raw/rat_two_hit/animals.xlsx", "data/raw/rat_two_hit/von_frey.xlsx")
NUMBERS = {FILES[0]: "weight_g", FILES[1]: "threshold_g"}


class Book:
    """A workbook to be changed, with a random row of it and the place of a column of numbers."""

    def __init__(self, study: Study, random: Random, path: str = "") -> None:
        import openpyxl

        self.path = path or random.choice(FILES)
        self.book = openpyxl.load_workbook(io.BytesIO(study.files[self.path]))
        self.sheet = self.book.active
        self.names = [cell.value for cell in self.sheet[1]]
        touched = {f.line for f in study.clean.findings if f.file == self.path}
        self.row = random.choice([n for n in range(2, self.sheet.max_row + 1) if n not in touched])
        self.column = self.names.index(NUMBERS[self.path]) + 1

    def cell(self, name: str = ""):  # type: ignore[no-untyped-def]
        return self.sheet.cell(self.row, self.names.index(name) + 1 if name else self.column)

    def damage(self, *columns: str, row: int = 0) -> Damage:
        return replaced(self.path, saved(self.book), spot(self.path, row or self.row, columns))


@operator("a formula without its value", BOOKS)
def formula_without_value(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.cell().value = "=AVERAGE(A1:A3)"
    return book.damage(NUMBERS[book.path])


@operator("an error in a cell", BOOKS)
def error_in_cell(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.cell().value = random.choice(["#DIV/0!", "#REF!", "#N/A", "#VALUE!"])
    return book.damage(NUMBERS[book.path])


@operator("a hidden row", BOOKS)
def hidden_row(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.sheet.row_dimensions[book.row].hidden = True
    return book.damage()


@operator("a hidden column", BOOKS)
def hidden_column(study: Study, random: Random) -> Damage | None:
    from openpyxl.utils import get_column_letter

    book = Book(study, random)
    book.sheet.column_dimensions[get_column_letter(book.column)].hidden = True
    return replaced(book.path, saved(book.book), spot(book.path, (), NUMBERS[book.path]))


@operator("cells of the table merged", BOOKS)
def merged_cells(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    if book.row >= book.sheet.max_row - 3:
        return None
    book.sheet.merge_cells(start_row=book.row, end_row=book.row + 2, start_column=book.column, end_column=book.column)
    return replaced(
        book.path, saved(book.book), spot(book.path, (book.row, book.row + 1, book.row + 2), NUMBERS[book.path])
    )


@operator("cells of the header merged", BOOKS)
def merged_header(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.sheet.merge_cells(start_row=1, end_row=1, start_column=book.column - 1, end_column=book.column)
    return replaced(book.path, saved(book.book))


@operator("a number turned into a date", BOOKS)
def number_as_date(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.cell().value = datetime(2024, random.randint(1, 12), random.randint(1, 28))
    return book.damage(NUMBERS[book.path])


@operator("an id turned into a number or a date", BOOKS)
def id_as_number(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.cell("animal_id").value = random.choice([100000.0, datetime(2024, 3, 1), 7])
    return book.damage("animal_id")


@operator("a number kept as text, with a blank", BOOKS, wanted=RIGHT)
def number_as_text(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.cell().value = f" {book.cell().value}"
    return replaced(book.path, saved(book.book))


@operator("a second sheet with something else", BOOKS)
def second_sheet(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    other = book.book.create_sheet("Notes", random.choice([0, 1]))
    other.append(["remark"])
    return replaced(book.path, saved(book.book))


@operator("a title above the header", BOOKS)
def title_above(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.sheet.insert_rows(1)
    book.sheet.cell(1, 1).value = "Thresholds, final"
    return replaced(book.path, saved(book.book))


@operator("a mean below the table", BOOKS)
def mean_below(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    row = book.sheet.max_row + 1
    book.sheet.cell(row, book.column).value = 12.5
    return book.damage(row=row)


@operator("a remark beside the table", BOOKS)
def remark_beside(study: Study, random: Random) -> Damage | None:
    book = Book(study, random)
    book.sheet.cell(book.row, len(book.names) + 2).value = "repeat?"
    return replaced(book.path, saved(book.book))


@operator("a workbook cut short", BOOKS)
def workbook_cut_short(study: Study, random: Random) -> Damage | None:
    path = random.choice(FILES)
    content = study.files[path]
    return replaced(path, content[: random.randrange(100, len(content) - 30)])


@operator("a workbook without a sheet's part", BOOKS)
def workbook_without_part(study: Study, random: Random) -> Damage | None:
    import zipfile

    path, buffer = random.choice(FILES), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(study.files[path])) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if "sheet1" not in name:
                new.writestr(name, old.read(name))
    return replaced(path, buffer.getvalue())


@operator("text saved under a workbook's name", BOOKS)
def text_as_workbook(study: Study, random: Random) -> Damage | None:
    return replaced(random.choice(FILES), b"animal_id,site\nRT01,periorbital\n")


@operator("a value typed with a comma, so that it stayed text", BOOKS)
def text_with_comma(study: Study, random: Random) -> Damage | None:
    book = Book(study, random, FILES[1])
    book.cell().value = str(book.cell().value).replace(".", ",") + "1"
    return book.damage(NUMBERS[book.path]) if "," in book.cell().value else None
