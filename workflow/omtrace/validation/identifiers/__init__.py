"""Direct identifiers of people: every column of every export is looked at before anything is written.

A column is suspected for one of three reasons, looked at in this order:

1. **The file's dictionary** marks it as an identifier.
2. **Its name** announces one, in English, German, French, Spanish, Italian or Dutch: `name_last`, `Geburtsdatum`,
   `prenom`, `email`, `phone_1`, `plz`, `mrn`, `iban`, `ip_address`. Names of other things are none (`drug_name`,
   `site_name`, `birth_weight`, `n_phone_calls`). A suspicion by name is dropped only if the column's texts show that
   nothing is in it: answers such as yes and no; a few codes of one or two digits; dates, where no birth is named; a
   year of birth alone; words such as `removed`. Pseudonyms (`record_id`, `patient_id`, `subject_no`) are allowed:
   the project needs them.
3. **Its values** have the shape of one:

   - *A single text is enough* for an e-mail or web address; a telephone number with its separators; an internet or a
     hardware address; a street with its number; a British postcode, an American state with ZIP code; an
     American or Swiss social security number, a French one, an NHS number, a bank or card number, all as far as their
     check digits hold; a title with a name, or a known given and family name side by side; a date after `born`.
   - *Most texts must have it* for plainer shapes: other postcodes and places, number plates, health insurance and
     tax numbers, coordinates, names of photographs and recordings, and whole numbers of ten or eleven digits, which are
     telephone numbers only if they are neither numbered through nor begin with a year and a month.
   - *Names of people*: texts of one to five words of letters, 25 % of them with a common given or family name; see
     ``people.share_of_names`` for what else counts. Rare names of many countries (``lists/``) count beside other
     signs: two of them side by side, or one beside another capitalised word within a sentence.
   - *Dates of birth*: at least 80 % of the texts are dates, their middle one lies more than 15 years before the newest
     date in any other column of the file, and the middle 80 % of them span 5 years or more. Against the day on which
     the export arrived, they must span 15 years: dates of an old trial lie within few. Columns of one or two texts
     need no span if every date lies 15 years before the others of the file.

What cannot be told from its texts and is found by a column's name only: plain five-digit postcodes, record numbers
without a check digit, initials, dates of birth of children, a handful of rare names, names in scripts other than Latin;
in columns of one or two texts also the plainer shapes. Dates of visits and ages over 89 are not looked for.

Every text is searched for the shapes of which one is enough; shares are counted on up to 20,000 texts, evenly
spaced. A column that cannot be looked at, whatever the reason, is suspected (``UNCHECKED``). A column that the plan
excuses is passed over. No text of a column leaves this module.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from omtrace.readers import texts_of
from omtrace.validation.identifiers import columns as names
from omtrace.validation.identifiers import people as persons
from omtrace.validation.identifiers import plain_shapes, shapes
from omtrace.validation.identifiers.shapes import Passing

if TYPE_CHECKING:
    import pyarrow

UNCHECKED = "could not be checked"
MARKED = "marked in the data dictionary"
CAP = 20_000  # texts on which shares are counted
GROWN = 15  # years: younger people are not told from visits
SPAN, SPAN_ALONE = 5, 15  # years
DATES = 0.8  # share of the texts
SUBJECT = re.compile(r"USUBJID|SUBJID|SubjectKey", re.IGNORECASE)  # CDISC's names of the pseudonym
DIGITS = re.compile(r"\d{5,8}")
ALL_DIGITS = 0.95  # share of the texts that are days, where a date is digits alone
MONTH, DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
DAYS_OF_DIGITS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<year>(?:19|20)\d\d){MONTH}{DAY}",
        rf"{DAY}{MONTH}(?P<year>(?:19|20)\d\d)",
        rf"{MONTH}{DAY}(?P<year>(?:19|20)\d\d)",
        rf"{DAY}{MONTH}(?P<year>\d\d)",
        rf"(?P<year>\d\d){MONTH}{DAY}",
        rf"{MONTH}{DAY}(?P<year>\d\d)",
    )
)
# Of a name with one of these the numbers are counts and measures, not days.
MEASURED = frozenset(
    "weight mass mg g kg ug count counts n no number area volume ml dose signal intensity fluorescence "
    "reads steps score total "
    "length size cells rfu rlu au gewicht anzahl flaeche poids nombre peso numero".split()
)
SERIAL = re.compile(r"\d{4,5}")
SERIALS, SERIALS_OF_DATES, FIRST_SERIAL = 20, 3, 5_000  # fewest texts, and where the name says date; 1913
DATE = re.compile(
    r"\*? ?(?:(?P<iso>(?:1[89]|20)\d\d)[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ][\d:.,Z+ -]+)?"
    r"|(?P<compact>(?:19|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|(?:\w{3,9},? )?\d{1,2}(?:st|nd|rd|th)?[-/. ]{1,2}(?:\d{1,2}|(?:de )?[^\W\d_]{3,10}\.?(?: de)?)[-/. ]{1,2}"
    r"(?P<last>(?:1[89]|20)?\d\d)(?:,? [\d:.]+(?: ?[AaPp][Mm])?)?"
    r"|[^\W\d_]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? (?P<american>(?:1[89]|20)\d\d))"
)


@dataclass(frozen=True)
class Suspicion:
    """A column that may hold direct identifiers.

    ``kind``: what it seems to hold, in words. ``by``: what tells so. ``share``: of the column's distinct texts that
    have the shape, from 0 to 1; 1 where the name or the dictionary tells. By ``header``: the column's name is itself an
    identifier, and may not be shown.
    """

    column: str
    kind: str
    by: Literal["name", "values", "dictionary", "header"]
    share: float


@dataclass(frozen=True)
class _Column:
    """A column as it is looked at: distinct texts without outer blanks, filled cells, and the years of its dates.

    ``clear``: whether no guard lets its name through.
    """

    name: str
    texts: list[str]
    filled: int
    years: list[float] = field(default_factory=list)
    measured: bool = False
    clear: bool = False

    @property
    def serial(self) -> bool:
        """Whether the dates are day numbers of a workbook."""
        return bool(self.years) and len(self.texts[0]) < 6

    @property
    def varied(self) -> float:
        """Distinct texts divided by filled cells."""
        return min(1.0, len(self.texts) / max(1, self.filled))


MEASURE = r"^([+-]?[0-9]{0,6}([.,][0-9]*)?([eE][+-]?[0-9]{1,3})?)?$"


def identifiers(
    columns: Sequence[str],
    distinct: Sequence[Sequence[str]],
    filled: Sequence[int],
    flagged: Collection[str] = (),
    allowed: Mapping[str, str] | None = None,
    today: str = "",
    passing: Passing | None = None,
) -> list[Suspicion]:
    """The columns of one export that may hold direct identifiers, at most one suspicion a column, in their order.

    ``distinct``: for each column its distinct texts that are not blank; ``filled``: how many of its cells are not
    blank. ``flagged``: columns that the file's dictionary marks as identifiers. ``allowed``: columns that the plan
    excuses, with the reasons. ``today``: the day on which the export arrived, ISO, "" if unknown. ``passing``: what
    ``guarded`` gave for many exports together; without it every text goes through the guards here. Never raises
    for what is in the columns: a column that cannot be looked at is suspected.
    """
    clear = _clear_names(tuple(columns))
    views = [_view(n, name, distinct, filled, today) for n, name in enumerate(columns)]
    views = [view and replace(view, clear=view.name in clear) for view in views]
    newest = [max(view.years) if view and view.years and not view.serial else 0.0 for view in views]
    found = []
    for n, (name, view) in enumerate(zip(columns, views, strict=True)):
        if name not in (allowed or {}):
            others = max([*newest[:n], *newest[n + 1 :]], default=0.0)
            found.append(_checked(name, view, name in flagged, others, today, passing))
    return [suspicion for suspicion in found if suspicion]


def guarded(distinct: Iterable["pyarrow.Array"]) -> Passing:
    """The texts of many columns that any guard lets through: for a thousand small files, one search, not one a file.

    Those that may name a person are among them, with no guard of a shape.
    Texts as ``identifiers`` looks at them: blanks taken together, NFKC.
    """
    import numpy
    import pyarrow
    import pyarrow.compute as compute

    columns = [column for column in distinct if len(column)]
    given = pyarrow.concat_arrays([pyarrow.array([], pyarrow.string()), *columns])
    starts = numpy.cumsum([0, *map(len, columns)])[:-1]
    short = compute.match_substring_regex(given, MEASURE).to_numpy(zero_copy_only=False)
    measured = numpy.repeat(numpy.logical_and.reduceat(short, starts), [*map(len, columns)]) if columns else short
    texts = {_plain(text) for text in given.filter(pyarrow.array(~measured)).unique().to_pylist()} - {""}
    whole = pyarrow.array(sorted(texts), type=pyarrow.large_string())
    passing: dict[str, set[str]] = {text: set() for text in persons.candidates(sorted(texts))}
    for guard in {shape.guard for shape in shapes.ANYWHERE}:
        for text in shapes.through(whole, guard):
            passing.setdefault(text, set()).add(guard)
    return passing


@lru_cache(1 << 8)
def _clear_names(columns: tuple[str, ...]) -> frozenset[str]:
    """The names of columns that no guard lets through; none where that cannot be said."""
    import pyarrow

    try:
        passing = guarded([pyarrow.array([form for name in columns for form in _forms(name)], pyarrow.string())])
    except (pyarrow.ArrowException, UnicodeError):
        return frozenset()
    return frozenset(name for name in columns if passing.keys().isdisjoint(map(_plain, _forms(name))))


def _forms(name: str) -> list[str]:
    """The name of a column as it stands, and with blanks for underscores."""
    return sorted({name, name.replace("_", " ")})


def _view(
    n: int, name: str, distinct: "Sequence[Sequence[str] | pyarrow.Array]", filled: Sequence[int], today: str
) -> _Column | None:
    """A column made ready; None if that fails."""
    try:
        given = distinct[n]
        fewest = SERIALS_OF_DATES if names.is_of(names.DAYS, name) else SERIALS
        if not isinstance(given, Sequence) and _measures(given):
            few = given.take(list(range(0, len(given), 1 + len(given) // CAP))).to_pylist()
            return _Column(name, few, int(filled[n]), _years(few, today, fewest), measured=True)
        texts = [text for text in map(_plain, texts_of(given)) if text]
        return _Column(name, texts, int(filled[n]), _years(_spaced(texts), today, fewest))
    except Exception:  # whatever it is: the column counts as suspected
        return None


def _plain(text: str) -> str:
    """A text with its blanks taken together, NFKC."""
    text = " ".join(text.split())
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _measures(texts: "pyarrow.Array") -> bool:
    """Whether all texts are numbers too short to identify anyone: at most six digits before the decimal mark."""
    import pyarrow.compute as compute

    return len(texts) > 0 and compute.match_substring_regex(texts, MEASURE).false_count == 0


def _checked(
    name: str, view: _Column | None, flagged: bool, others: float, today: str, passing: Passing | None
) -> Suspicion | None:
    """The suspicion on one column, if any; one as well where looking at it fails."""
    try:
        if view is not None:
            return _suspicion(view, flagged, others, today, passing)
    except Exception:  # whatever it is: the column counts as suspected
        pass
    return Suspicion(name, UNCHECKED, "values", 1.0)


def _suspicion(column: _Column, flagged: bool, others: float, today: str, passing: Passing | None) -> Suspicion | None:
    if not column.clear and (kind := in_name(column.name)):
        return Suspicion(column.name, kind, "header", 1.0)
    if names.empty(column.texts):
        return None
    kind = names.kind_by_name(column.name)
    if flagged:
        return Suspicion(column.name, kind or MARKED, "dictionary", 1.0)
    if kind and not names.excused(column.name, kind, column.texts):
        return Suspicion(column.name, kind, "name", 1.0)
    kind, share = _by_values(column, others, today, passing)
    return Suspicion(column.name, kind, "values", round(share, 4)) if kind else None


@lru_cache(1 << 12)
def in_name(column: str) -> str:
    """The kind of identifier that the name of a column is itself, "" if none: a patient's name above a column."""
    if column.isascii() and column.isidentifier() and not re.search(r"\d{5}|_", column):
        return ""  # a single word
    texts = _forms(column)
    kind, _ = shapes.anywhere(texts, "\n".join(texts))
    if kind:
        return kind
    return names.PERSON if any(persons.named(text) for text in persons.candidates(texts)) else ""


def _by_values(column: _Column, others: float, today: str, passing: Passing | None) -> plain_shapes.Share:
    """The kind of identifier that the texts show, and the share of texts that show it; "" and 0 if none does."""
    sample = _spaced(column.texts)
    if column.years and _births(column, others, today):
        return plain_shapes.Share(names.BIRTH, len(column.years) / len(sample))
    if column.measured:
        return plain_shapes.Share("", 0.0)
    joined = "\n".join(column.texts)
    there = column.texts if passing is None else [text for text in column.texts if text in passing]
    kind, hits = shapes.anywhere(there, joined, passing) if there else ("", 0)
    if kind and not (kind == names.IP and names.is_of(names.VERSIONS, column.name)):
        return plain_shapes.Share(kind, hits / len(column.texts))
    if SUBJECT.fullmatch(column.name):
        # 01-701-1015 is site and subject; nothing that follows would tell it from a telephone number
        return plain_shapes.Share("", 0.0)
    hospitals = names.is_of(names.PLACES, column.name) and persons.are_institutions(sample)
    things = hospitals or names.is_of(names.THINGS, column.name)
    kind, share = plain_shapes.mostly(sample)
    if kind and not (things and kind in (names.RECORD, names.PHONE) and all(map(str.isdecimal, sample))):
        return plain_shapes.Share(kind, share)
    if not things and (share := plain_shapes.phones(sample, column.varied)):
        return plain_shapes.Share(names.PHONE, share)
    if not things and (share := persons.share_of_names(sample, column.varied)):
        return plain_shapes.Share(names.PERSON, share)
    within = 0 if hospitals else sum(map(persons.named, persons.candidates(there)))
    return plain_shapes.Share(names.PERSON, within / len(column.texts)) if within else plain_shapes.Share("", 0.0)


def _spaced(texts: list[str]) -> list[str]:
    """All texts up to the cap, else as many, evenly spaced."""
    if len(texts) <= CAP:
        return texts
    return [texts[n * len(texts) // CAP] for n in range(CAP)]


def _years(texts: Sequence[str], today: str, fewest: int) -> list[float]:
    """The years of a column of dates, [] if it is none; years of two digits are of the century up to today.

    Dates may have a `*` before them, or be digits alone: year, month and day in any usual order, or the days since the
    end of 1899 by which workbooks count, where there are ``fewest`` of these.
    """
    glance = texts[:: max(1, len(texts) // shapes.GLANCE)]
    if len(glance) and all(DIGITS.fullmatch(text) for text in glance):
        return _years_of_digits(texts, today, fewest)
    if sum(1 for text in glance if DATE.fullmatch(text)) < DATES / 2 * max(1, len(glance)):
        return []
    years = []
    for match in filter(None, map(DATE.fullmatch, texts)):
        year = int(match["iso"] or match["compact"] or match["last"] or match["american"])
        years.append(_year(year, today))
    return years if len(years) >= DATES * len(texts) else []


def _year(year: int, today: str) -> float:
    """A year of two digits in the century up to today."""
    return float(year if year > 99 else year + (2000 if year <= int(today[2:4] or 30) else 1900))


def _years_of_digits(texts: Sequence[str], today: str, fewest: int) -> list[float]:
    """The years of dates without separators, of eight or six digits, or of a workbook's day numbers; else []."""
    for pattern in DAYS_OF_DIGITS:
        found = [match for text in texts if (match := pattern.fullmatch(text))]
        if len(found) >= ALL_DIGITS * len(texts) and len(texts) >= 5:
            return [_year(int(match["year"]), today) for match in found]
    if len(texts) >= fewest and all(SERIAL.fullmatch(text) for text in texts):
        days = sorted(map(int, texts))
        last = (int(today[:4] or 2030) - 1899) * 365.25
        if days[0] >= FIRST_SERIAL and days[-1] <= last:
            return [1900 + day / 365.25 for day in days]
    return []


def _births(column: _Column, others: float, today: str) -> bool:
    """Whether dates are of births: long before the file's other dates or its arrival, and over many years."""
    if sum(1 for text in column.texts if text.startswith("*")) >= DATES * len(column.years):
        return True
    arrived = float(today[:4] or 0)
    latest = arrived + 1 if arrived else math.inf  # a date yet to come is a slip, and says nothing of the others
    years, others = sorted(year for year in column.years if year <= latest), min(others, latest)
    if not years:
        return False
    count = len(years)
    middle = years[count // 2]
    if count <= 2:
        return bool(others) and years[-1] < others - GROWN
    if column.serial and (column.varied < 0.9 or MEASURED & set(names.words_of(column.name))):
        return False  # numbers that repeat are counts
    span = years[int(0.9 * (count - 1) + 0.5)] - years[int(0.1 * (count - 1) + 0.5)]
    newest = max(arrived, others, years[-1])
    return (middle < others - GROWN and span >= SPAN) or (middle < newest - GROWN and span >= SPAN_ALONE)
