"""The columns that an export of a project may have, by name and by label, in REDCap's order."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from omtrace.faults import Fault
from omtrace.readers import CellDoubt, Variable
from omtrace.readers._redcap_dictionary import Dictionary, Field, column_code

EVENT = "redcap_event_name"
INSTRUMENT = "redcap_repeat_instrument"
INSTANCE = "redcap_repeat_instance"
GROUP = "redcap_data_access_group"
SYSTEM = {
    EVENT: "Event Name",
    INSTRUMENT: "Repeat Instrument",
    INSTANCE: "Repeat Instance",
    GROUP: "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}
STATUS = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
TICKED = {"0": "Unchecked", "1": "Checked"}
NOT_COMPLETED = {"[not completed]": "survey not completed"}
VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")

Kind = Literal["system", "field", "checkbox", "status", "timestamp"]


@dataclass(frozen=True)
class Column:
    """One column that an export may have. ``code`` is the choice of a checkbox column; ``declared`` its field."""

    name: str
    label: str
    kind: Kind
    form: str = ""
    declared: Field | None = None
    code: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def variable(self) -> Variable:
        """What the dictionary says of the column."""
        identifier = bool(self.declared and self.declared.identifier)
        return Variable(self.label, self.choices, self.missing, identifier)


def columns_of(dictionary: Dictionary) -> tuple[Column, ...]:
    """Every column that an export of the project may have, in the order in which REDCap writes them."""
    first, *rest = dictionary.fields
    columns = [_of_field(first)[0], *(Column(name, label, "system") for name, label in SYSTEM.items())]
    own = {item.name for item in dictionary.fields}
    for form in dictionary.forms:
        stamp = Column(f"{form}_timestamp", "Survey Timestamp", "timestamp", form, missing=NOT_COMPLETED)
        columns += [stamp] if stamp.name not in own else []
        columns += [column for item in rest if item.form == form for column in _of_field(item)]
        columns.append(Column(f"{form}_complete", "Complete?", "status", form, choices=STATUS))
    return tuple(columns)


def _of_field(item: Field) -> list[Column]:
    if item.type == "descriptive":
        return []
    if item.type != "checkbox":
        return [Column(item.name, item.label, "field", item.form, item, choices=item.choices)]
    return [_box(item, code, text) for code, text in item.choices.items()]


def _box(item: Field, code: str, text: str) -> Column:
    label = f"{item.label} (choice={text})"
    return Column(f"{item.name}___{column_code(code)}", label, "checkbox", item.form, item, code, TICKED)


def plain(text: str) -> str:
    """A label as exports write it: without markup, line breaks and runs of blanks."""
    return " ".join(MARKUP.sub("", text).split())


def matched(header: Sequence[str], known: Sequence[Column], labels: bool) -> list[Column | None]:
    """The column of the project behind each name of the header; None where the project has none.

    Raises Fault for label headers that stand for several columns, as the order does not settle.
    """
    if not labels:
        by_name = {column.name: column for column in known}
        return [by_name.get(name) or _extra_box(name, known) for name in header]
    places = _settled(header, known)
    return [_extra_label(name, known) if at is None else known[at] for name, at in zip(header, places, strict=True)]


def _extra_box(name: str, known: Sequence[Column]) -> Column | None:
    """A checkbox column beyond the choices: REDCap adds one for each missing-data code in use."""
    stem, bars, code = name.partition("___")
    box = next((c for c in known if bars and c.declared and c.kind == "checkbox" and c.declared.name == stem), None)
    if not box or not box.declared:
        return None
    return Column(name, f"{box.declared.label} (choice={code})", "checkbox", box.form, box.declared, "", TICKED)


def _extra_label(name: str, known: Sequence[Column]) -> Column | None:
    """The same under label headers; its code is not in the file, so the column is named by its text."""
    start = plain(name).rpartition(" (choice=")
    fields = {
        c.declared.name: c
        for c in known
        if start[1] and c.kind == "checkbox" and c.declared and plain(c.declared.label) == start[0]
    }
    if len(fields) != 1:
        return None
    (stem, box), code = next(iter(fields.items())), column_code(start[2].removesuffix(")"))
    return Column(f"{stem}___{code}", name, "checkbox", box.form, box.declared, "", TICKED)


def _settled(header: Sequence[str], known: Sequence[Column]) -> list[int | None]:
    """The place in ``known`` of each label; None where no column has it."""
    exact: dict[str, list[int]] = {}
    words: dict[str, list[int]] = {}
    for at, column in enumerate(known):
        exact.setdefault(column.label, []).append(at)
        words.setdefault(plain(column.label), []).append(at)
    may = [exact.get(name.strip()) or words.get(plain(name)) or [] for name in header]
    _beside(may, known)
    if any(len(places) > 1 for places in may):
        may = _in_order(may)
    open_ = [(n, places) for n, places in enumerate(may, 1) if len(places) > 1]
    if open_:
        raise Fault(
            *(
                f"column {n} of the header: the label stands for {', '.join(known[at].name for at in places[:10])}; "
                "export all columns in their order, or with variable names"
                for n, places in open_
            )
        )
    taken = Counter(places[0] for places in may if places)
    if doubled := [known[at].name for at, count in taken.items() if count > 1]:
        raise Fault(f"the header names {', '.join(doubled[:10])} more than once; export variable names, not labels")
    return [places[0] if places else None for places in may]


def _beside(may: list[list[int]], known: Sequence[Column]) -> None:
    """A status follows its form's columns, a time stamp stands before them: keep the places that fit so."""
    for here, (kind, step) in [(n, pair) for n in range(len(may)) for pair in (("status", -1), ("timestamp", 1))]:
        if len(may[here]) < 2 or known[may[here][0]].kind != kind or not 0 <= here + step < len(may):
            continue
        forms = {known[at].form for at in may[here + step]} - {""}
        may[here] = [at for at in may[here] if known[at].form in forms] or may[here]


def _in_order(may: list[list[int]]) -> list[list[int]]:
    """The places that remain if the columns stand in rising order; ``may`` itself if they cannot.

    From the left each label takes its earliest place, from the right its latest; what lies between is possible.
    """
    named = [places for places in may if places]
    earliest, latest, last = [], [], -1
    for places in named:
        last = next((at for at in places if at > last), -2)
        if last == -2:
            return may
        earliest.append(last)
    last = max(map(max, named)) + 1
    for places in reversed(named):
        last = next(at for at in reversed(places) if at < last)
        latest.append(last)
    between = zip(named, earliest, reversed(latest), strict=True)
    kept = iter([[at for at in places if low <= at <= high] for places, low, high in between])
    return [next(kept) if places else [] for places in may]


def field_doubts(header: Sequence[str], columns: Sequence[Column | None], known: Sequence[Column]) -> list[CellDoubt]:
    """A doubt of the column as a whole for what stands only in the file, or only in the dictionary."""
    doubts = []
    for name, column in zip(header, columns, strict=True):
        if column is None:
            doubts.append(CellDoubt("dictionary_field", -1, name, "a column of the data dictionary"))
        elif column.kind == "checkbox" and not column.code:
            says = "a choice of the field in the data dictionary, or a missing-data code of the project"
            doubts.append(CellDoubt("dictionary_field", -1, column.name, says))
    present = {column.name for column in columns if column}
    lost: dict[str, list[Column]] = {}
    for column in known:
        if column.declared and column.name not in present:
            lost.setdefault(column.declared.name, []).append(column)
    for name, absent in lost.items():
        choices = len(absent[0].declared.choices) if absent[0].declared else 0
        whole = absent[0].kind != "checkbox" or len(absent) == choices
        names = [name] if whole else [column.name for column in absent]
        doubts += [
            CellDoubt("dictionary_field", -1, each, "this field of the data dictionary in the file") for each in names
        ]
    return doubts
