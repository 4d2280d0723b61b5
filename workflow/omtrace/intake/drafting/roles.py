"""Which columns name the unit, the visit, the arm and the like: by their names and by how their cells repeat."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from omtrace.faults import Fault, nearest
from omtrace.intake.drafting.profile import ColumnProfile, FileProfile, own_name
from omtrace.readers._wide import stem_of

# In the order in which one is taken, where several columns are called so.
UNITS = (
    r"record_?id",
    r"usubjid",
    r"subj(ect)?_?(id|no|nr|num|number|key)?",
    r"participant_?(id|no|nr|number|code)?",
    r"patient_?(id|no|nr|number|code)?",
    r"p?pt_?(id|no|nr)",
    r"pid_?(no|nr|num|number)?",
    r"ppid",
    r"ppt",
    r"respondent_?(id)?",
    r"external_?reference",
    r"(animal|mouse|rat|pup|rabbit|dog|cat|pig|sheep|hamster|monkey|ferret|chick|tier|maus|ratte|patient|patienten|proband|"
    r"probanden|teilnehmer|sujet|paciente|paziente)_?(id|no|nr|number|code)?",
    r"(pat|patient(en)?|proband(en)?|teilnehmer(innen)?|versuchs(person(en)?|tier)|tier)_?(id|no|nr|nummer|code|kennung)",
    r"versuchs(person|tier)",
    r"pseudonym",
    r"(num(ero)?|no|codigo|codice)_?(d[ei]l?_?)?(patient|sujet|paciente|sujeto|paziente|soggetto)",
    r"case_?(id|no|nr|num|number)?",
    r"response_?id",
    r"study_?(id|no|nr|number)",
    r"id",
    r"(studien|fall)_?(nr|nummer)",
    r"(random(isierungs|i[sz]ation)?|screening)_?(id|no|nr|num|nummer|number|code)",
    r"code",
    r"unit_?id?",
    r"row_name",
)
VISITS = (
    r"redcap_event_name|a?visit(_?(name|code|num(ber)?|no|id|n))?|time(_?point)?(_?(name|code|no))?|tp|(study_?)?event(_?(name|oid))?|"
    r"week(_?no)?|wk|month|day(_?no)?|wave|session(_?no)?|occasion|assessment|phase|period|folder(name)?|stage|epoch|besuch|visite|"
    r"(mess)?zeitpunkt|termin|woche|monat|semaine|mois|visita|semana|settimana"
)
ARMS = (
    r"arms?(_?(cd|code|name|label|num))?|trt(_?(a|p|01a|01p|code|group))?|treat(ment)?(_?(arm|group|code|name))?|"
    r"group(_?(name|code|id))?|grp|alloc(ation)?(_?(group|arm))?|random(i[sz]ed|i[sz]ation)?(_?(group|arm|to))?|"
    r"intervention(_?group)?|condition|rx|tx|dose(_?group)?|drug|genotype|diet|exposure_?group|cohort|gruppe|"
    r"which_(group|arm|treatment)(_.*)?|behandlung(sgruppe|sarm)?|groupe|traitement|grupo|tratamiento|gruppo|trattamento"
)
ARM_ORDER = ("arm", "trt", "treat", "alloc", "random", "group", "grp", "intervention", "condition", "dose", "drug")
CLUSTERS = (
    r"cage|litter|cluster|site|cent(er|re)|clinic|practice|school|ward|therapist|provider|batch|block|dam|pen|tank"
)
SEQUENCES = rf"((trt|treat(ment)?)_?)?seq(uence|p|a)?(_?(group|code|name|no))?|order|reihenfolge|séquence|{ARMS}"
FACTORS = r"strain|model|surgery|stress|behaviou?r|lesion|knock_?out|operation|factor.*"
FACTS = (
    r"age.*|sex|gender|bmi|height.*|race|.*_?size|ethnic.*|site|cent(er|re).*|strat.*|educ.*|smok.*|duration.*|"
    r"onset.*|chronic.*|batch|strain|litter.*|cage.*|country|region|marital.*|employ.*|dob|birth.*|visit.*|practice.*|"
    r"alter.*|geschlecht|größe.*|groesse.*|gewicht.*|zentrum|praxis|sexe|âge|taille.*|poids.*|edad.*|sexo|talla.*|peso.*|"
    r"età|sesso|altezza.*|leeftijd|geslacht|lengte.*|asa(_?(class|score|status))?|mallampati.*|ecog.*|karno.*|comorb.*|"
    r"(medical_?)?histor.*|prior.*|previous.*|diag(nosis)?_?time|risk(_?score)?|(pre_?op\w*|baseline|base|bl|screening)(_.*)?"
)
# Words of what a treatment is to bring about or to prevent, where a column of them has two texts.
OUTCOMES = (
    r".*outcome.*|respon(se|ded|der)|success.*|improv.*|cured?|heal(ed|ing)|remission|relapsed?|recurr?ence|recur|"
    r"died|dead|death|surviv(al|ed)|fail(ed|ure)?|complications?|infect(ion|ed)|adverse_?events?"
)
REFERENCE = (
    r"placebo|control|ctrl|ctl|cont|sham|vehicle|usual|tau|cau|untreated|saline|waiting|wait.?list|standard|wt|wild|none|no|pbo|0|"
    r"schein\w*|kontrolle|t[eé]moin"
)
BEFORE = (
    r"base|bl\b|pre|screen|before|^t_?0$|^v_?0$|^0$|(week|wk|w|month|m|day|d|visit)_?0+\b|enrol|inclusion|admission|"
    r"vorher|ausgang|einschluss"
)
AFTER = r"[0-9]+_?(?:m|mo|w|wk|d|y|h|min|minute|month|week|day|year|hour)s?"
LATER = rf"(?:t|v|w|wk|m|d|fu|week|month|day|visit|time|tp|followup|follow_up|wave)_?[0-9]+[a-z]*|{AFTER}"
NAMED = r"baseline|base|bl|pre|post|fup?|followup|follow_up|end|final|screening|discharge"
SUFFIX = re.compile(rf"(.*[A-Za-z0-9])[_. ]({LATER}|{NAMED})", re.IGNORECASE)
PREFIX = re.compile(rf"({LATER}|{NAMED})[_. ]([A-Za-z].*)", re.IGNORECASE)
NUMBERED = re.compile(rf"({NAMED})[_. ]([0-9]+)", re.IGNORECASE)  # pre.1, pre.2
JOINED = re.compile(r"(pre|post)([A-Za-z]{2,})", re.IGNORECASE)  # Prewt, Postwt
TIMED = re.compile(rf"([A-Za-z]+{AFTER})_([A-Za-z].*)", re.IGNORECASE)  # postOp4hour_cough, ward30min_cough
AGO = re.compile(rf"([A-Za-z_]*[A-Za-z])({AFTER})", re.IGNORECASE)  # number3m, number12m
HOURS = {"min": 1 / 60, "h": 1, "d": 24, "w": 168, "m": 730, "y": 8766}  # of a unit of time, by how its name begins
BEGINNINGS = (PREFIX, JOINED, NUMBERED, TIMED)
PERSON, PLACE = r"sex|gender|age|dob|birth.*|race", r"(study_?)?site|cent(er|re)|clinic|hospital|practice|country"
PERSONAL = rf"{PERSON}|{PLACE}|{ARMS}"  # the same in all rows of a person
ROW_NAME = "row_name"  # the rows' names in R, which are mostly their numbers
REPEATS = "redcap_repeat_instrument"
BLANK = ("", "NA")  # NA: in exports that R wrote again
ADAM = {"visit": "AVISIT", "code": "PARAMCD", "label": "PARAM", "value": "AVAL"}  # CDISC, ADaM Implementation Guide
# Columns that mark an export of LimeSurvey -> others that the program itself writes beside the answers.
WRITTEN_BY_SURVEY = {
    ("submitdate", "lastpage"): (
        r"submitdate|lastpage|startlanguage|seed|token|startdate|datestamp|refurl|interviewtime|grouptime.*"
    )
}
MOST_VISITS = 20
MOST_ARMS = 8
MOST_NAMED = 5


@dataclass(frozen=True)
class Visits:
    """The visits of a file. ``column`` and ``map``: raw text -> visit; or ``wide``: visit -> pattern of its columns."""

    labels: dict[str, str]
    column: str = ""
    map: dict[str, str] = field(default_factory=dict)
    wide: dict[str, str] = field(default_factory=dict)
    baseline: str = ""


@dataclass(frozen=True)
class Arm:
    """The column that holds the group of a unit: group -> label, the reference first."""

    file: str
    column: ColumnProfile
    groups: dict[str, str]


def named(column: ColumnProfile, pattern: str) -> bool:
    """Whether a column's name, its own or its raw one, is of a pattern as a whole."""
    return bool(
        re.fullmatch(pattern, column.name, re.IGNORECASE)
        or re.fullmatch(pattern, column.raw.strip(), re.IGNORECASE)
        or re.fullmatch(pattern, column.name.replace("_", ""), re.IGNORECASE)
    )


def unit_column(files: Sequence[FileProfile], asked: str = "") -> str:
    """The raw column that names the unit in all files; "" where none does, and each row is a unit of its own."""
    if asked:
        return asked
    first, *rest = files
    common = [c for c in first.columns if all(file.has(c.raw) for file in rest)]
    full = [c for c in common if c.filled == first.rows - first.cells(c.raw).count(c.raw)]  # the header again
    by_name = [c for c in full if named(c, "|".join(UNITS)) and (len(c.texts) > 1 or first.rows > 1)]
    by_name = [c for c in by_name if c.raw != ROW_NAME] or by_name
    if by_name:
        return min(by_name, key=lambda c: next(i for i, name in enumerate(UNITS) if named(c, name))).raw
    ids = [
        c
        for c in full
        if len(c.texts) > 1 and re.search(r"(^|_)(id|nr|no|code|number)$", c.name) or re.search(r"id$", c.raw, re.I)
    ]
    ids = [c for c in ids if len(c.texts) >= min(5, first.rows) and c.kind != "number"]
    return max(ids, key=lambda c: len(c.texts)).raw if ids else ""


def visits_without_unit(file: FileProfile) -> str:
    """What is to be asked where no column names the unit and one is called as visits are; "" where there is nothing.

    A column that, with the visit, tells the rows apart may name the unit.
    """
    called = [c for c in file.columns if named(c, VISITS) and 1 < len(c.texts) <= MOST_VISITS and c.filled == file.rows]
    for visit in called:
        may_be = [
            column.raw
            for column in file.columns
            if column.raw != visit.raw
            and column.filled == file.rows
            and len(column.texts) < file.rows
            and is_unique(file, [column.raw, visit.raw])
        ]
        texts = ", ".join(list(visit.texts)[:MOST_NAMED])
        takes = f": --unit takes one of {', '.join(may_be)}" if may_be else "? Then give --unit COLUMN"
        return (
            f"each row of {file.path.name} is taken for a unit of its own; if {visit.raw} ({texts}) holds the visits "
            f"of one participant or animal, which column names it{takes}"
        )
    return ""


def is_unique(file: FileProfile, columns: Iterable[str]) -> bool:
    """Whether the cells of some columns together tell the rows apart, those of repeated forms of REDCap aside."""
    rows = list(zip(*(file.cells(column) for column in columns), strict=True))
    if file.has(REPEATS):
        rows = [row for row, form in zip(rows, file.cells(REPEATS), strict=True) if form in BLANK]
    return len({*rows}) >= 0.98 * len(rows)


def visits_of(file: FileProfile, unit: str, asked: str = "", wide: Sequence[str] = ()) -> Visits | None:
    """The visits of a file, below each other or side by side; None where there are none."""
    if not asked and {*ADAM.values()} <= {*file.extract.columns}:
        return visits_below(file, file.column(ADAM["visit"]))
    if unit and not is_unique(file, [unit]):
        candidates = [file.column(asked)] if asked else [c for c in file.columns if named(c, VISITS)]
        candidates = [
            column
            for column in candidates
            if column.raw != unit and 1 < len(column.texts) <= MOST_VISITS and is_unique(file, [unit, column.raw])
        ]
        texts = [column for column in candidates if column.kind in ("category", "text")]
        return visits_below(file, (texts or candidates)[0]) if candidates else None
    return _beside(file, unit, wide)


def visits_below(file: FileProfile, column: ColumnProfile) -> Visits:
    """Visits that a column names, in time order."""
    texts = list(dict.fromkeys(text for text in file.cells(column.raw) if text in column.texts))
    ordered = sorted(texts, key=lambda text: _when(text, texts))
    names: dict[str, None] = {}
    made = {}
    for text in ordered:
        label = column.codes.get(text, text)
        name = own_name(f"{column.name}_{label}" if label[:1].isdigit() or label[:1] in "-+" else label, names)
        names[name] = None
        made[text] = name
    made |= {text: made[level] for text, level in column.spellings.items()}
    labels = {made[text]: column.codes.get(text, text) for text in ordered}
    return Visits(labels, column.raw, made, baseline=_baseline(labels))


def _when(text: str, texts: Sequence[str]) -> tuple[int, float, int]:
    """The order of a visit: those before treatment first, then by the time in the text, then as in the file."""
    number = re.search(r"[-+]?[0-9]+(\.[0-9]+)?", text)
    first = bool(re.search(BEFORE, text, re.IGNORECASE)) and not (number and float(number[0]) > 0)
    unit = all(re.search(r"[0-9][ _]?(min|[hdwmy])", one, re.IGNORECASE) for one in texts if re.search("[0-9]", one))
    found = re.search(r"[0-9][ _]?(min|[hdwmy])", text, re.IGNORECASE) if unit else None
    hours = HOURS[found[1].lower()] if found else 1
    return (0 if first else 1, float(number[0]) * hours if number else 1e9, texts.index(text))


def _baseline(labels: dict[str, str]) -> str:
    """The visit before treatment, where a name says so; "" where none does."""
    for name, label in labels.items():
        if re.search(BEFORE, label.strip().lower()):
            return name
        number = re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", label.strip())
        if number and float(label) <= 0:
            return name
    return ""


def _beside(file: FileProfile, unit: str, asked: Sequence[str]) -> Visits | None:
    """Visits whose columns stand side by side, told apart by what their names begin or end with."""
    others = [column.raw for column in file.columns if column.raw != unit]
    patterns = [word if "*" in word else f"*{word}" for word in asked]
    if not patterns:
        found: dict[str, set[str]] = {}
        for raw in others:
            if match := SUFFIX.fullmatch(raw):
                found.setdefault("*" + raw[len(match[1]) :], set()).add(match[1])
            elif match := next(filter(None, (form.fullmatch(raw) for form in BEGINNINGS)), None):
                found.setdefault(raw[: -len(match[2])] + "*", set()).add(match[2])
            elif match := AGO.fullmatch(raw):
                found.setdefault("*" + match[2], set()).add(match[1])
        stems = [stem for stems in found.values() for stem in stems]
        shared = {stem for stem in stems if stems.count(stem) > 1}
        patterns = [pattern for pattern, with_it in found.items() if with_it & shared]
    if len(patterns) < 2:
        return None
    words = {pattern: pattern.replace("*", "").strip("_. ") for pattern in patterns}
    ordered = sorted(patterns, key=lambda pattern: _when(words[pattern], [words[p] for p in patterns]))
    names: dict[str, str] = {}
    for pattern in ordered:
        word = words[pattern] or "first"
        names[own_name(f"visit_{word}" if word[:1].isdigit() else word, dict.fromkeys(names))] = pattern
    labels = {name: words[pattern] or name for name, pattern in names.items()}
    baseline = _baseline(labels) or (next(iter(names)) if asked else "")
    return Visits(labels, wide=names, baseline=baseline)


def stems_of(file: FileProfile, visits: Visits) -> dict[str, list[ColumnProfile]]:
    """Stem of the columns of visits that stand side by side -> its columns, one a visit."""
    stems: dict[str, list[ColumnProfile]] = {}
    for column in file.columns:
        fits = [(len(p), stem) for p in visits.wide.values() if (stem := stem_of(column.raw, p))]
        if fits:
            stems.setdefault(max(fits)[1], []).append(column)
    return stems


def is_constant(file: FileProfile, unit: str, column: str) -> bool:
    """Whether a column has one value for each unit, cells without a value aside."""
    texts = file.column(column).texts
    values: dict[str, str] = {}
    for one, text in zip(file.cells(unit), file.cells(column), strict=True):
        if text in texts and values.setdefault(one, text) != text:
            return False
    return True


def differing(file: FileProfile, unit: str) -> list[str]:
    """The columns that are the same for a person, and differ between rows of one unit: it may be several people."""
    return [
        column.raw
        for column in file.columns
        if unit and column.raw != unit and named(column, PERSONAL) and not is_constant(file, unit, column.raw)
    ]


def joined(files: Sequence[FileProfile], columns: Sequence[str]) -> list[FileProfile]:
    """Files with one more column, named as some of its columns with / between them: their texts, put together so.

    Raises
    ------
    Fault
        For a column that one of the files has not.
    """
    made = []
    for file in files:
        parts = zip(*(file.cells(file.column(column).raw) for column in columns), strict=True)
        extract = file.extract
        cells = [*extract.cells, tuple("/".join(texts) for texts in parts)]
        made.append(replace(file, extract=replace(extract, columns=(*extract.columns, "/".join(columns)), cells=cells)))
    return made


def place_of(files: Sequence[FileProfile], unit: str) -> str:
    """The column within which units are numbered anew: with it, sex, age and the like are one a unit; "" for none."""
    several = [file for file in files if any(named(file.column(raw), PERSON) for raw in differing(file, unit))]
    places = [c.raw for file in several[:1] for c in file.columns if named(c, PLACE) and c.raw != unit]
    for place in places:
        if all(file.has(place) for file in files):
            if not any(differing(file, f"{place}/{unit}") for file in joined(files, (place, unit))):
                return place
    return ""


def doubt_of(file: FileProfile, unit: str) -> str:
    """What is to be asked where the rows of one unit may be of several; "" where there is nothing."""
    wrong = differing(file, unit)
    if not wrong:
        return ""
    says = f"one {unit} has several {', '.join(wrong)}: "
    within = next((raw for raw in wrong if not named(file.column(raw), PERSON)), "")
    if not within:
        return says + "are these the rows of several people?"
    says += f"are its numbers given anew in each {within}? Then give --unit {within},{unit}"
    return says + "; or had each of them all? Then give --design crossover" * named(file.column(within), ARMS)


def arm_of(files: Sequence[FileProfile], unit: str, asked: str = "", reference: str = "") -> Arm | None:
    """The column with the groups that are compared; None where no column is called so.

    Raises
    ------
    Fault
        For a column that is asked for and holds no arms, and for a reference that is none.
    """
    found: list[tuple[int, int, FileProfile, ColumnProfile]] = []
    for number, file in enumerate(files):
        for column in file.columns:
            fits = column.raw == asked if asked else named(column, ARMS)
            if fits and 2 <= len(column.texts) <= MOST_ARMS and column.raw != unit:
                if not unit or is_constant(file, unit, column.raw):
                    order = next((i for i, word in enumerate(ARM_ORDER) if word in column.name), len(ARM_ORDER))
                    found.append((order, number, file, column))
    if not found and (asked or reference):
        raise Fault(
            _no_arm(files, unit, asked) if asked else f"--reference {reference}: no column holds arms; say --arm"
        )
    if not found:
        return None
    _, _, file, column = min(found, key=lambda one: one[:2])
    if column.kind != "category":
        column = replace(column, kind="category", codes={text: text for text in sorted(column.texts)})
    labels = {code: column.codes.get(code, code) for code in sorted(column.texts)}
    reference = column.spellings.get(reference, reference)
    if reference and reference not in labels.values():
        known = sorted({*labels.values()})
        raise Fault(f"--reference {reference}: {column.raw} holds {', '.join(known)}{nearest(reference, known)}")
    first = [g for g in labels.values() if g == reference]
    first += [g for g in labels.values() if re.search(rf"(?<![^\W_])({REFERENCE})(?![^\W_])", g, re.IGNORECASE)]
    first += [g for g in labels.values() if re.match(rf"({REFERENCE})", g, re.IGNORECASE)]
    groups = list(dict.fromkeys([*first[:1], *labels.values()]))
    return Arm(file.name, column, {group: group for group in groups})


def is_of_the_survey(file: FileProfile, raw: str) -> bool:
    """Whether a column was written by the program of a survey, and answers no question."""
    return any(
        all(map(file.has, marks)) and re.fullmatch(names, raw, re.IGNORECASE)
        for marks, names in WRITTEN_BY_SURVEY.items()
    )


def possible_arms(file: FileProfile, unit: str) -> list[ColumnProfile]:
    """The columns that could hold groups by what stands in them: few texts, each of three units and more."""
    return [
        column
        for column in file.columns
        if 2 <= len(column.texts) <= MOST_ARMS
        and column.raw not in (unit, ROW_NAME)
        and (column.kind == "category" or column.is_yes_or_no)
        and min(column.texts.values()) >= 3
        and (not unit or is_constant(file, unit, column.raw))
    ]


def numbered_alike(file: FileProfile, unit: str) -> list[str]:
    """The numbers that the names of two quantities and more end in, where they are the same; none elsewhere."""
    stems: dict[str, list[str]] = {}
    for column in file.columns:
        if column.raw != unit and (match := re.fullmatch(r"(.*[^0-9])([0-9]{1,2})", column.raw)):
            stems.setdefault(match[1], []).append(match[2])
    ends = [numbers for numbers in stems.values() if len(numbers) > 1]
    return ends[0] if ends and ends.count(ends[0]) == len(ends) > 1 else []


def _no_arm(files: Sequence[FileProfile], unit: str, asked: str) -> str:
    """Why a column that is asked for holds no arms."""
    file = next((file for file in files if any(column.raw == asked for column in file.columns)), None)
    if file is None:
        names = sorted({column.raw for one in files for column in one.columns})
        return f"--arm {asked}: there is no such column{nearest(asked, names)}"
    count = len(file.column(asked).texts)
    if asked == unit or not 2 <= count <= MOST_ARMS:
        return f"--arm {asked}: {count} distinct texts in {file.path.name}; arms are 2 to {MOST_ARMS}, and no unit"
    arms: dict[str, dict[str, None]] = {}
    for one, text in zip(file.cells(unit), file.cells(asked), strict=True):
        if text:
            arms.setdefault(one, {})[text] = None
    one, texts = next((one, texts) for one, texts in arms.items() if len(texts) > 1)
    return (
        f"--arm {asked}: not the same in all rows of a {unit}: {one} has {', '.join(texts)}; ask which is right and "
        "correct the file, or say --design crossover"
    )


def factors_of(file: FileProfile, unit: str) -> list[ColumnProfile]:
    """The columns of a factorial design: of two to four levels, each the same for a unit, and called as factors are.

    Where no two are called so, any others of as many levels, none of which stands for less than three units.
    """
    few = [
        column
        for column in file.columns
        if 2 <= len(column.texts) <= 4 and column.raw != unit and (not unit or is_constant(file, unit, column.raw))
    ]
    called = [column for column in few if named(column, f"{ARMS}|{FACTORS}")]
    others = [c for c in few if c not in called and not named(c, FACTS) and min(c.texts.values()) >= 3]
    return called if len(called) > 1 else [*called, *others]


def with_factors(file: FileProfile, unit: str) -> FileProfile:
    """A file whose factors are categories, whatever their levels are called."""
    raws = {column.raw for column in factors_of(file, unit)}
    columns = (replace(c, kind="category") if c.raw in raws and c.kind != "category" else c for c in file.columns)
    return replace(file, columns=tuple(columns))


def cluster_of(files: Sequence[FileProfile], unit: str, arm: Arm) -> str:
    """The raw column of what was given the treatment as a whole: a cage, a litter, a site, each in one arm; else "".

    Of a column that is not called so, chance must be unlikely: ten units and more lie in one group with the first of
    theirs.
    """
    file, group = next(file for file in files if file.name == arm.file), arm.column.raw
    units = list({one: row for row, one in enumerate(file.cells(unit))}.values()) if unit else range(file.rows)
    groups = file.cells(group)
    for column in file.columns:
        if column.raw in (unit, group) or not 2 < len(column.texts) < file.rows:
            continue
        cells = file.cells(column.raw)
        members = Counter(cells[row] for row in units if cells[row])
        arms = Counter({cells[row]: groups[row] for row in units if cells[row]}.values())
        together = sum(members.values()) - len(members) >= 10 and min(arms.values(), default=0) >= 2
        called = named(column, CLUSTERS + r"(_?(id|no|nr|number|name))?")
        likely = together and not column.is_number and column.kind != "date"
        if (called or likely) and is_constant(file, column.raw, group):
            return column.raw
    return ""
