"""REDCap's data dictionary: the 18 columns of a project's design as typed fields."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from omtrace.faults import Fault
from omtrace.model.closed import nearest
from omtrace.readers import delimited
from omtrace.readers._redcap_validation import Validation, bound, validation_of

FieldType = Literal[
    "text",
    "notes",
    "radio",
    "dropdown",
    "yesno",
    "truefalse",
    "checkbox",
    "calc",
    "slider",
    "file",
    "descriptive",
    "sql",
]
HEADERS = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "section_header": "Section Header",
    "field_type": "Field Type",
    "field_label": "Field Label",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "field_note": "Field Note",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "text_validation_min": "Text Validation Min",
    "text_validation_max": "Text Validation Max",
    "identifier": "Identifier?",
    "branching_logic": "Branching Logic (Show field only if...)",
    "required_field": "Required Field?",
    "custom_alignment": "Custom Alignment",
    "question_number": "Question Number (surveys only)",
    "matrix_group_name": "Matrix Group Name",
    "matrix_ranking": "Matrix Ranking?",
    "field_annotation": "Field Annotation",
}
LATER = ("matrix_group_name", "matrix_ranking", "field_annotation")  # not in dictionaries of old versions
YESNO, TRUEFALSE = {"1": "Yes", "0": "No"}, {"1": "True", "0": "False"}
NAME = re.compile(r"[a-z][a-z0-9_]*")
ANNOTATION = re.compile(r"@[A-Z][A-Z0-9-]*")
ALWAYS_CODED = ("radio", "dropdown", "checkbox")


@dataclass(frozen=True)
class Field:
    """One field of a project. ``minimum`` and ``maximum`` are inclusive: numbers, or ISO dates and times as text."""

    name: str
    form: str
    type: FieldType
    label: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    validation: Validation | None = None
    minimum: Decimal | str | None = None
    maximum: Decimal | str | None = None
    identifier: bool = False
    required: bool = False
    branching: str = ""
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dictionary:
    """A project's fields in their order; the first is the record id."""

    fields: tuple[Field, ...]

    @property
    def record_id(self) -> str:
        """The variable that names the record."""
        return self.fields[0].name

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms in the order of their first field."""
        return tuple(dict.fromkeys(item.form for item in self.fields))


def rows_of(content: bytes, part: str) -> tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]:
    """Columns of a companion file, and the first line and the stripped cells of each row that is not blank.

    ``part`` names the file in faults. Raises Fault for what ``delimited.read`` refuses, a row of another
    width, and a file without rows.
    """
    try:
        extract = delimited.read(content, delimited.Options.model_validate({}))
    except Fault as fault:
        raise Fault(*(f"{part}: {line}" for line in fault.lines)) from None
    faults = [f"{part} line {f.place.first_line}: {f.message}; export it again" for f in extract.faults]
    if not faults and not len(extract.places):
        faults.append(f"{part}: no row below the column names; export it again")
    if faults:
        raise Fault(*faults)
    columns = tuple(name.strip() for name in extract.columns)
    rows = [(p, row) for p, row in zip(extract.places, extract.records(), strict=True) if any(map(str.strip, row))]
    return columns, [(p.first_line, dict(zip(columns, map(str.strip, row), strict=True))) for p, row in rows]


def read_dictionary(content: bytes) -> Dictionary:
    """A data dictionary, with the headers of the web page or those of the API ("NA" is blank there).

    Raises Fault with line and column for columns that are missing, names that are doubled or malformed,
    unknown field types, choices without codes, and bounds that are no value of the field's type.
    """
    columns, rows = rows_of(content, "dictionary")
    api = "field_name" in columns
    headers = {key: key for key in HEADERS} if api else HEADERS
    lacking = [header for key, header in headers.items() if header not in columns and key not in LATER]
    if lacking:
        raise Fault(
            *(
                f"dictionary line 1: no column {header!r}{nearest(header, columns)}; export the dictionary again"
                for header in lacking
            )
        )
    fields: list[Field] = []
    faults: list[str] = []
    lines: dict[str, int] = {}
    for line, cells in rows:
        row = {key: cells.get(header, "") for key, header in headers.items()}
        if api:
            row = {key: "" if text == "NA" and key != "field_label" else text for key, text in row.items()}
        found = _Row(row, line, headers)
        fields.append(found.field())
        faults += found.faults
        if fields[-1].name in lines:
            faults.append(found.says("field_name", f"the name stands in line {lines[fields[-1].name]} too"))
        lines.setdefault(fields[-1].name, line)
    if faults:
        raise Fault(*faults)
    return Dictionary(tuple(fields))


def choices_of(text: str) -> dict[str, str]:
    """Code -> label of a field's choices, written ``1, Male | 2, Female``. Raises ValueError if they are not."""
    choices: dict[str, str] = {}
    for item in filter(str.strip, text.split("|")):
        code, comma, label = item.partition(",")
        if not comma or not code.strip():
            raise ValueError("a choice is not written as code, label")
        if code.strip() in choices:
            raise ValueError("a code stands twice")
        choices[code.strip()] = label.strip()
    return choices


class _Row:
    """One row of the dictionary on its way to a field; what is wrong with it is collected in ``faults``."""

    def __init__(self, row: dict[str, str], line: int, headers: dict[str, str]) -> None:
        self.row, self.line, self.headers = row, line, headers
        self.faults: list[str] = []

    def says(self, key: str, what: str) -> str:
        """A fault at one cell."""
        return f"dictionary line {self.line}, column {self.headers[key]}: {what}; mend the dictionary in REDCap"

    def field(self) -> Field:
        """The field; only to be used where ``faults`` stays empty."""
        for key in ("field_name", "form_name"):
            if not NAME.fullmatch(self.row[key]):
                self.faults.append(self.says(key, "not a name of lower case letters, digits and underscores"))
        type_ = self.row["field_type"]
        if type_ not in get_args(FieldType):
            says = f"not one of REDCap's field types{nearest(type_, get_args(FieldType))}"
            self.faults.append(self.says("field_type", says))
        text = self.row["text_validation_type_or_show_slider_number"]
        validation = validation_of(type_, text)
        return Field(
            self.row["field_name"],
            self.row["form_name"],
            type_,  # type: ignore[arg-type]
            self.row["field_label"],
            self._choices(type_),
            validation,
            self._bound("text_validation_min", validation),
            self._bound("text_validation_max", validation),
            self._yes("identifier"),
            self._yes("required_field"),
            self.row["branching_logic"],
            tuple(ANNOTATION.findall(self.row["field_annotation"])),
        )

    def _choices(self, type_: str) -> dict[str, str]:
        key = "select_choices_or_calculations"
        if type_ in ("yesno", "truefalse"):
            return dict(YESNO if type_ == "yesno" else TRUEFALSE)
        if type_ not in ALWAYS_CODED:
            return {}
        try:
            choices = choices_of(self.row[key])
        except ValueError as error:
            self.faults.append(self.says(key, str(error)))
            return {}
        if not choices:
            self.faults.append(self.says(key, f"a field of type {type_} without choices"))
        if type_ == "checkbox" and len(set(map(column_code, choices))) < len(choices):
            self.faults.append(self.says(key, "two codes give one column name"))
        return choices

    def _bound(self, key: str, validation: Validation | None) -> Decimal | str | None:
        try:
            return bound(validation, self.row[key])
        except ValueError as error:
            self.faults.append(self.says(key, str(error)))
            return None

    def _yes(self, key: str) -> bool:
        if self.row[key].lower() not in ("", "y"):
            self.faults.append(self.says(key, "neither y nor blank"))
        return self.row[key].lower() == "y"


def column_code(code: str) -> str:
    """A checkbox code as it stands in a column name: -1 is _1, A is a."""
    return re.sub(r"[^a-z0-9_]", "_", code.lower())


def check_known(names: Iterable[tuple[int, str]], known: Iterable[str], part: str, what: str) -> None:
    """Raise Fault for names (line, name) of a companion file that another companion does not have."""
    known = set(known)
    faults = [
        f"{part} line {line}: {name!r} is no {what}{nearest(name, known)}" for line, name in names if name not in known
    ]
    if faults:
        raise Fault(*faults)
