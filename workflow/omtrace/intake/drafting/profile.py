"""What a file is and what its columns hold, as far as the file itself tells."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.model.tables import ColumnKind, Format
from omtrace.readers import Extract, Variable, options_of, reader_of, texts_of
from omtrace.readers._recognised import recognised
from omtrace.validation.formats import Style, date_style, number_style
from omtrace.validation.identifiers import identifiers
from omtrace.validation.parse import dates, integers, numbers, plain

if TYPE_CHECKING:
    import pyarrow

MOST_CATEGORIES = 12
MOST_WORDS = 2  # that stand among numbers and are taken for missing values
SHARE = 0.95  # of the cells of a column that have to be of a type; the others become findings
# Texts that say that there is no value, and numbers that do so where all others are far from them.
NO_VALUE = {
    "na": "not available",
    "n/a": "not available",
    "n.a.": "not available",
    "nan": "not available",
    "null": "not available",
    ".": "not available",
    "-": "not available",
    "#n/a": "not available",
    "k.a.": "not stated",  # German: keine Angabe
    "k. a.": "not stated",
    "keine angabe": "not stated",
    "n.b.": "not determined",  # nicht bestimmt
    "n.e.": "not collected",  # nicht erhoben
    "n.d.": "not determined",
    "nd": "not determined",
    "n/d": "not determined",
    "s/d": "not stated",  # Spanish: sin datos
    "ns/nc": "not answered",  # no sabe, no contesta
    "nr": "not stated",  # French: non renseigné
    "n.c.": "not stated",  # non communiqué
}
WORDS = {
    "none": "none",
    "missing": "missing",
    "unknown": "unknown",
}  # no value among numbers, and a category among texts

FAR = ("-9", "-77", "-88", "-98", "-99", "-999", "999", "9999", "-9999")
READERS = {".xlsx": "spreadsheet", ".xlsm": "spreadsheet", ".xls": "spreadsheet", ".ods": "spreadsheet"}
READERS |= {".jsonl": "jsonlines", ".ndjson": "jsonlines"}
READERS |= dict.fromkeys((".sav", ".zsav", ".por", ".dta", ".sas7bdat", ".xpt"), "statistical")
READERS |= dict.fromkeys((".rda", ".rdata", ".rds"), "r_data") | {".pzfx": "prism"}
USUAL = Format.model_validate({})
LETTERS = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "µ": "u",
        "μ": "u",
        "ø": "oe",
        "æ": "ae",
    }
)


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds. ``texts``: distinct texts that are values -> count; ``missing``: texts that are none."""

    raw: str
    name: str
    kind: ColumnKind
    texts: Mapping[str, int]
    label: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[float | None, float | None] = (None, None)
    required: bool = False
    remark: str = ""
    spellings: Mapping[str, str] = field(default_factory=dict)  # text -> the one of ``texts`` that it is meant for

    @property
    def filled(self) -> int:
        """The number of cells with a value."""
        return sum(self.texts.values())

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers that are no codes of categories."""
        return self.kind in ("integer", "number")

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it holds 0 and 1."""
        return self.kind == "integer" and {*self.texts} <= {"0", "1"} and bool(self.texts)


@dataclass(frozen=True)
class FileProfile:
    """A file as its reader gives it. ``name``: that of its table; ``options``: of the reader."""

    path: Path
    name: str
    reader: str
    options: Mapping[str, object]
    extract: Extract
    columns: tuple[ColumnProfile, ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.extract.places)

    def column(self, raw: str) -> ColumnProfile:
        """The column of a raw name. Raises Fault, with the nearest name."""
        for column in self.columns:
            if column.raw == raw:
                return column
        raise Fault(f"{self.path}: there is no column {raw!r}")

    def has(self, raw: str) -> bool:
        """Whether the file has a column of this name."""
        return raw in self.extract.columns

    def cells(self, raw: str) -> list[str]:
        """The texts of a column, in the order of the rows."""
        found = texts_of(self.extract.cells[self.extract.columns.index(raw)])
        spellings = next((column.spellings for column in self.columns if column.raw == raw), {})
        return [spellings.get(text, text) for text in (str(text).strip() for text in found)]


def reader_for(path: Path, content: bytes) -> str:
    """The reader of a file, by its first bytes, else by its name.

    Raises
    ------
    Fault
        For a file that no reader reads, with what it is.
    """
    told = recognised(content, "")
    named = re.search(r"the reader for it is (\w+)", told)
    if told and not named:
        raise Fault(f"{path}: {told}")
    return named[1] if named else READERS.get(path.suffix.lower(), "delimited")


def read_file(
    path: Path, name: str, reader: str, options: Mapping[str, object], beside: Mapping[str, bytes] | None = None
) -> FileProfile:
    """A file with its columns looked at. Raises Fault, with the file's name, for what its reader refuses."""
    module, content = reader_of(reader), path.read_bytes()
    try:
        if module.suggested and not options:
            options = module.suggested(content)
        read = options_of(module, dict(options), "options")
        extract = module.read(content, read, **(beside or {}))
    except Fault as fault:
        raise Fault(*(f"{path}: {line}" for line in fault.lines)) from None
    return FileProfile(path, name, reader, options, extract, columns_of(extract))


def columns_of(extract: Extract) -> tuple[ColumnProfile, ...]:
    """What each column of an extract holds."""
    names: dict[str, None] = dict.fromkeys(("unit_id", "visit", "key"))  # which mean something in every table
    profiles = []
    headers = headers_again(extract)
    for raw, cells in zip(extract.columns, extract.cells, strict=True):
        name = own_name(raw, names)
        names[name] = None
        counts = counted(cells) - Counter({raw.strip(): headers})
        profile = column_of(raw, name, counts, extract.variables.get(raw, Variable()))
        dated = len(extract.date_cells.get(raw, ()))
        if profile.kind == "date" and 0 < dated < profile.filled:
            remark = (
                "date cells stand among texts, day and month may have changed places; type date once that is settled"
            )
            profile = replace(profile, kind="text", remark=remark)
        elif profile.kind == "integer" and re.search(r"(^|_)(id|code|nr|no)$", name):
            profile = replace(profile, kind="text")
        profiles.append(profile)
    return tuple(profiles)


def headers_again(extract: Extract) -> int:
    """How many rows hold the names of the columns once more, in more than half of their cells."""
    cells = zip(extract.columns, extract.cells, strict=True)
    named = (row for raw, of in cells for row, text in enumerate(texts_of(of)) if str(text).strip() == raw.strip())
    return sum(2 * n > len(extract.columns) for n in Counter(named).values())


def identifiers_in(file: FileProfile) -> dict[str, str]:
    """The columns that look like direct identifiers of people, and what each looks like."""
    flagged = {name for name, variable in file.extract.variables.items() if variable.identifier}
    columns = file.columns
    found = identifiers(
        [column.raw for column in columns],
        [list(counted(file.cells(column.raw))) for column in columns],
        [sum(counted(file.cells(column.raw)).values()) for column in columns],
        flagged,
    )
    return {suspicion.column: suspicion.kind for suspicion in found}


def counted(cells: "Sequence[str] | pyarrow.Array") -> Counter[str]:
    """The distinct texts of a column without blanks around them, with how many cells hold each; blank cells aside."""
    counts = Counter(str(text).strip() for text in texts_of(cells))
    counts.pop("", None)
    return counts


def own_name(raw: str, taken: Mapping[str, None] | None = None) -> str:
    """A column's name in the plan: lower case letters, digits and underscores, none of those taken."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", raw.translate(LETTERS))
    words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode("ascii")
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:40].strip("_") or "column"
    name = name if name[0].isalpha() else f"c_{name}"
    found, number = name, 2
    while found in (taken or {}):
        found, number = f"{name}_{number}", number + 1
    return found


def column_of(raw: str, name: str, counts: Mapping[str, int], variable: Variable) -> ColumnProfile:
    """What a column holds, from its distinct texts and what the file says of it."""
    missing = {text: says or "missing" for text, says in variable.missing.items()}
    texts = {text: n for text, n in counts.items() if text not in missing}
    missing |= {text: NO_VALUE[text.lower()] for text in texts if text.lower() in NO_VALUE}
    texts = {text: n for text, n in texts.items() if text not in missing}
    kind, remark = kind_of(texts)
    words = {text: WORDS[text.lower()] for text in texts if text.lower() in WORDS}
    if words and (numbered := {text: n for text, n in texts.items() if text not in words}):
        if (told := kind_of(numbered)[0]) in ("integer", "number", "date"):
            kind, texts, missing = told, numbered, missing | words
    if kind == "text" and not remark and (few := _among_numbers(texts)):
        texts = {text: n for text, n in texts.items() if text not in few}
        (kind, _), missing = kind_of(texts), missing | dict.fromkeys(few, "not a number")
        remark = f"whether {' and '.join(map(repr, few))} means that there is no value (missing_codes)"
    if kind in ("integer", "number"):
        far = _far_off(texts)
        missing |= dict.fromkeys(far, "not answered")
        texts = {text: n for text, n in texts.items() if text not in far}
    codes = {code: label for code, label in variable.choices.items() if code not in missing}
    if kind == "integer" and all(code == label for code, label in codes.items()):
        codes = {}  # numbers of a scale, without names
    if codes and {*texts} <= {*codes} and len(codes) <= 4 * MOST_CATEGORIES and len({*codes.values()}) == len(codes):
        kind = "category"
    elif kind == "text" and not remark and _is_closed(texts):
        kind, codes = "category", {}
    else:
        codes = {}
    return ColumnProfile(raw, name, kind, texts, variable.label, codes, missing, remark=remark)


def in_one_spelling(column: ColumnProfile) -> ColumnProfile:
    """A category whose texts differ in case and blanks alone has one of them for each, the most frequent."""
    if column.kind not in ("category", "text") or column.codes or column.remark:
        return column
    levels: dict[str, str] = {}
    texts = Counter[str]()
    for text in sorted(column.texts, key=lambda text: -column.texts[text]):
        texts[levels.setdefault(_folded(text), text)] += column.texts[text]
    others = {text: levels[_folded(text)] for text in (*column.texts, *column.spellings) if text not in texts}
    if not others or not _is_closed(texts):
        return column
    return replace(column, kind="category", texts=dict(texts), spellings=others)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _is_closed(texts: Mapping[str, int]) -> bool:
    """Whether texts look like a closed list: few of them, and each of several cells."""
    return 0 < len(texts) <= MOST_CATEGORIES and sum(texts.values()) >= 3 * len(texts)


def _far_off(texts: Mapping[str, int]) -> list[str]:
    """Numbers that say that there is no value: negative beside none that is, or beyond ten times the greatest other."""
    found = [text for text in texts if text in FAR]
    others = [float(text) for text in texts if text not in FAR and _is_plain(text)]
    if not found or not others:
        return []
    low, high = min(others), max(others)
    return [text for text in found if (float(text) < 0 <= low) or (float(text) >= 999 and float(text) > 9 * high)]


def _among_numbers(texts: Mapping[str, int]) -> list[str]:
    """The few words of a column that is of numbers otherwise, at least ten different ones or nine cells of ten."""
    words = [text for text in texts if re.fullmatch(r"[^\W\d_][^\d<>]*", text)]
    numbers = {text: n for text, n in texts.items() if text not in words}
    many = len(numbers) >= 10 or sum(numbers.values()) >= 0.9 * sum(texts.values())
    if not 0 < len(words) <= MOST_WORDS or not many or kind_of(numbers)[0] not in ("integer", "number"):
        return []
    return sorted(words) if sum(texts[word] for word in words) * 2 < sum(numbers.values()) else []


def _is_plain(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text))


def kind_of(texts: Mapping[str, int]) -> tuple[ColumnKind, str]:
    """The type of a column by its distinct texts, and a remark where its numbers or dates can be read in two ways."""
    import numpy
    import pyarrow

    total = sum(texts.values())
    if not total:
        return "text", ""
    words, counts = pyarrow.array(list(texts)), numpy.array(list(texts.values()))

    def fits(mask: "numpy.ndarray") -> bool:
        return bool(counts[mask].sum() >= SHARE * total)

    usual = plain(words)
    other = {text: n for text, n, fit in zip(texts, texts.values(), usual, strict=True) if not fit}
    points = {text: n for text, n, fit in zip(texts, texts.values(), usual, strict=True) if fit and "." in text}
    style = number_style(other, points, total, USUAL)
    if fits(numbers(words, style)[1]):
        ambiguous = any(doubt.rule == "number_ambiguous" for doubt in style.doubts)
        if not ambiguous:
            return ("integer" if fits(integers(words, style)[1]) and not points else "number"), ""
    if any(doubt.rule == "number_ambiguous" for doubt in style.doubts):
        return "text", "its numbers can be read in two ways: say formats, and type number"
    dated = date_style(texts, USUAL)
    if any(doubt.rule == "date_ambiguous" for doubt in dated.doubts):
        return "text", "day and month can change places: say formats, and type date"
    return ("date" if fits(dates(words, Style(date=dated.date))[1]) else "text"), ""


def greatest_and_least(column: ColumnProfile) -> str:
    """The range of the numbers of a column, in words; "" where it has none."""
    values = [float(text) for text in column.texts if _is_plain(text)]
    return f"{min(values):g} to {max(values):g}" if values else ""


def decimals_of(column: ColumnProfile) -> int:
    """How many decimals show three digits of the largest number of a column; 1 at least."""
    largest = max((abs(float(text)) for text in column.texts if _is_plain(text)), default=0.0)
    return min(15, max(1, 2 - math.floor(math.log10(largest)))) if 0 < largest < 1 else 1


def merged(stem: str, name: str, columns: Sequence[ColumnProfile]) -> ColumnProfile:
    """The columns of one quantity as one: the widest of their types."""
    texts: dict[str, int] = {}
    for text, count in chain.from_iterable(column.texts.items() for column in columns):
        texts[text] = texts.get(text, 0) + count
    kinds = {column.kind for column in columns if column.texts}
    kind = kinds.pop() if len(kinds) == 1 else "number" if kinds <= {"integer", "number"} and kinds else "text"
    if kind == "category" and len(texts) > MOST_CATEGORIES:
        kind = "text"
    first = columns[0]
    missing = {text: says for column in columns for text, says in column.missing.items()}
    spellings = {text: level for column in columns for text, level in column.spellings.items()}
    remark = next((column.remark for column in columns if column.remark and kind in ("integer", "number")), "")
    return in_one_spelling(
        ColumnProfile(stem, name, kind, texts, first.label, first.codes, missing, remark=remark, spellings=spellings)
    )
