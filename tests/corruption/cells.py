"""Damage to the text of single cells of any column."""

from collections.abc import Callable
from random import Random

from .operators import RIGHT, Damage, operator, spot
from .study import Field, Row, Study

Fits = Callable[[Field], bool]
Change = Callable[[Field, str, Random], str]


def is_number(f: Field) -> bool:
    return f.column.kind in ("integer", "number")


def is_whole(f: Field) -> bool:
    return f.column.kind == "integer"


def is_id(f: Field) -> bool:
    """Pseudonyms with letters in them that another table lists, or that several rows share."""
    return f.column.name == "unit_id"


def is_category(f: Field) -> bool:
    return f.column.kind == "text" and bool(f.codes)


def is_word(f: Field) -> bool:
    return is_category(f) and all(code.isalpha() for code in f.codes)


def is_date(f: Field) -> bool:
    return f.column.kind == "date"


def has_low(f: Field) -> bool:
    return is_number(f) and f.column.minimum is not None


def has_high(f: Field) -> bool:
    return is_number(f) and f.column.maximum is not None


def one_cell(study: Study, random: Random, fits: Fits, change: Change) -> Damage | None:
    """Another text in a random filled cell of a column that fits; None where the text stays the same."""
    fields = [f for f in study.fields if fits(f) and (f.table, f.file) in study.rows]
    if not fits or not fields:
        return None
    f = random.choice(fields)
    row: Row = random.choice(study.rows[f.table, f.file])
    old = study.text(f.file, row.line, f.raw)
    if old == "" or (new := change(f, old, random)) == old:
        return None
    return cell_damage(row, f.raw, new)


def cell_damage(row: Row, raw: str, new: str) -> Damage:
    """One cell changed; the finding must name it."""
    return Damage((spot(row.file, row.line, raw),), cells={(row.file, row.line, raw): new}, units=frozenset({row.unit}))


def declare(name: str, says: str, fits: Fits, change: Change, **more: object) -> None:
    """An operator that changes the text of one cell."""

    def make(study: Study, random: Random) -> Damage | None:
        return one_cell(study, random, fits, change)

    make.__name__ = name
    operator(says, single=True, **more)(make)  # type: ignore[arg-type]


def bound(f: Field, side: str) -> float:
    value = f.column.minimum if side == "low" else f.column.maximum
    assert value is not None
    return value


def misspelled(f: Field, old: str, random: Random) -> str:
    at = random.randrange(len(old))
    return old[:at] + old[at + 1 :] if len(old) > 3 else old + "x"


# texts where numbers belong
declare(
    "text_for_number",
    "a word in a cell of numbers",
    is_number,
    lambda f, t, r: r.choice(["n/a", "unknown", "see notes"]),
)
declare("unit_behind_number", "the unit behind the number", is_number, lambda f, t, r: f"{t} {f.column.unit or 'x'}")
declare("letter_for_digit", "the letter O or l for a digit", is_number, lambda f, t, r: t + r.choice("Ol"))
declare(
    "uncertain_number",
    "a mark of doubt at the number",
    is_number,
    lambda f, t, r: r.choice([t + "?", "~" + t, ">" + t]),
)
declare("two_numbers", "two numbers in one cell", is_whole, lambda f, t, r: f"{t}-{int(t) + 1}")
declare("fraction_in_whole", "a fraction among whole numbers", is_whole, lambda f, t, r: t + ".5")
declare("not_a_number", "NaN or inf written out", is_number, lambda f, t, r: r.choice(["NaN", "inf", "-inf"]))
declare(
    "spreadsheet_error",
    "an error of a spreadsheet as text",
    is_number,
    lambda f, t, r: r.choice(["#DIV/0!", "#N/A", "#VALUE!"]),
)
declare("formula_as_text", "a formula instead of its value", is_number, lambda f, t, r: "=A2+1")
declare(
    "full_width_digits",
    "digits of another script",
    is_number,
    lambda f, t, r: t.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)}),
)
declare(
    "typographic_minus",
    "a typographic minus sign",
    lambda f: f.raw in ("study_day", "time"),
    lambda f, t, r: t.replace("-", "\u2212"),
)
declare(
    "decimal_comma_cell",
    "a decimal comma in one cell",
    lambda f: f.column.kind == "number",
    lambda f, t, r: t.replace(".", ","),
)
declare(
    "thousands_comma_cell",
    "a comma between thousands in one cell",
    lambda f: f.column.kind == "number",
    lambda f, t, r: f"{r.randint(1, 9)},{r.randint(0, 999):03d}",
)
declare(
    "thousands_apostrophe",
    "an apostrophe or blank between thousands",
    is_number,
    lambda f, t, r: f"1{r.choice([chr(39), ' ', chr(0x202F)])}{r.randint(0, 999):03d}",
)

# numbers that cannot be
declare(
    "below_range",
    "a number below the declared bounds",
    has_low,
    lambda f, t, r: str(int(bound(f, "low") - r.randint(1, 9))),
)
declare(
    "above_range",
    "a number above the declared bounds",
    has_high,
    lambda f, t, r: str(int(bound(f, "high") + r.randint(1, 99))),
)
declare(
    "negative",
    "a minus before a count or a quantity",
    lambda f: has_low(f) and bound(f, "low") >= 0,
    lambda f, t, r: t if float(t) <= 0.5 else "-" + t,
)
declare(
    "digit_doubled",
    "a key pressed twice (4 becomes 44)",
    lambda f: is_whole(f) and has_high(f) and bound(f, "high") < 20,
    lambda f, t, r: t if t in "01" else t + t[-1],
)
declare(
    "undeclared_missing_code", "-999 for missing, where no such code is declared", is_number, lambda f, t, r: "-999"
)
declare(
    "impossible_code",
    "a code that is none",
    lambda f: bool(f.codes) and all(c.isdigit() for c in f.codes),
    lambda f, t, r: str(max(map(int, f.codes)) + r.randint(1, 7)),
)
declare(
    "answer_as_word",
    "yes or no for 1 or 0",
    lambda f: is_whole(f) and bool(f.codes),
    lambda f, t, r: "yes" if t == "1" else "no",
)

# categories
declare("unknown_category", "a word that is no category", is_category, lambda f, t, r: "other")
declare("misspelled_category", "a category with a letter lost", is_word, misspelled)
declare("other_case_category", "a category in other case", is_word, lambda f, t, r: t.swapcase())
declare("two_categories", "two categories in one cell", is_category, lambda f, t, r: f"{f.codes[0]}/{f.codes[-1]}")
declare(
    "category_in_another_language",
    "a category in another language",
    lambda f: f.raw in ("sex", "headache"),
    lambda f, t, r: {"female": "weiblich", "yes": "ja", "no": "nein", "F": "W"}.get(t, "weiblich"),
)

# blanks
declare("blank_required", "a cell emptied that every row must have", lambda f: f.column.required, lambda f, t, r: "")
declare("blanks_only", "blanks in place of the value", lambda f: f.column.required, lambda f, t, r: "  ")
declare(
    "dash_for_missing",
    "a dash or NA for missing",
    lambda f: is_number(f) or is_date(f) or is_category(f),
    lambda f, t, r: r.choice(["-", "NA", ".", "NULL"]),
)
declare(
    "trailing_blank",
    "a blank behind a number, date or category",
    lambda f: is_number(f) or is_date(f) or is_category(f),
    lambda f, t, r: t + " ",
)
declare(
    "no_break_space",
    "a no-break space before a number, date or category",
    lambda f: is_number(f) or is_date(f) or is_category(f),
    lambda f, t, r: "\u00a0" + t,
)
declare(
    "invisible_character",
    "a zero-width character in a category or an id",
    lambda f: is_category(f) or is_id(f),
    lambda f, t, r: t[:1] + "\u200b" + t[1:],
)
declare("quotes_in_cell", "quotes that belong to the text", is_category, lambda f, t, r: f'"{t}"')


# single cells that nobody can know to be wrong
def another_answer(f: Field, old: str, random: Random) -> str:
    if f.column.minimum is not None and f.column.maximum is not None:
        return str(random.randint(int(f.column.minimum), int(f.column.maximum)))
    return random.choice(f.codes) if f.codes else old


declare(
    "plausible_wrong_value",
    "another possible value of the cell",
    lambda f: is_whole(f) or is_category(f),
    another_answer,
    blind="the value is possible: only the source document knows",
)


@operator(
    "a filled cell emptied that may be blank",
    single=True,
    blind="a blank is a missing value: only the source document knows",
)
def blank_optional(study: Study, random: Random) -> Damage | None:
    return one_cell(study, random, lambda f: not f.column.required and f.raw not in (), lambda f, t, r: "")


__all__ = ["RIGHT", "cell_damage", "one_cell"]
