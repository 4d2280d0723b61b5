"""REDCap's CSV export: delimited text with REDCap's own columns. Form states are the plan's matter.

Labels, of values or of headers, are read back to codes and variable names by the project's data dictionary.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from omtrace.faults import Fault
from omtrace.readers import CellDoubt, Extract, Places, Reader, RowFault, Variable, delimited
from omtrace.readers import _redcap_columns as columns_
from omtrace.readers._redcap_boxes import boxes_of_unopened_forms, boxes_without_status
from omtrace.readers._redcap_columns import EVENT, INSTANCE, INSTRUMENT, NOT_COMPLETED, STATUS, VARIABLE, Column
from omtrace.readers._redcap_dictionary import Dictionary, read_dictionary
from omtrace.readers._redcap_events import (
    Events,
    named_events,
    named_forms,
    patterns_of,
    read_event_forms,
    read_events,
    unscheduled_doubts,
    unscheduled_rows,
)
from omtrace.readers._redcap_header import header_of, read_numbered
from omtrace.readers._redcap_told import told
from omtrace.readers._redcap_values import (
    Cells,
    are_labels,
    choice_doubts,
    coded,
    refuse_labels,
    texts_of,
    typed_doubts,
)

Way = Literal["", "raw", "labels"]
KEYED = re.compile(r"(?P<record>.+)--(?P<keying>[12])")  # a record of double data entry, by who keyed it


class Options(delimited.Options):
    """Options of delimited text, the record id, the companion files, and how the file was exported."""

    record_id: str = Field("", description="variable that must be the first column; empty: any, or the dictionary's")
    dictionary: str = Field("", description="export that is the project's data dictionary")
    events: str = Field("", description="export that lists the events: event_name, arm_num, unique_event_name")
    event_forms: str = Field("", description="export that maps events to forms: arm_num, unique_event_name, form")
    values: Way = Field("", description="whether cells hold codes or labels; empty: as found")
    headers: Way = Field("", description="whether headers are variable names or labels; empty: as found")
    keying: Literal["", "1", "2"] = Field(
        "",
        description="of records keyed twice (11--1 and 11--2): which keying is read, where there is no merged record; "
        "empty: such a file is refused",
    )


def read(
    content: bytes, options: Options, dictionary: bytes = b"", events: bytes = b"", event_forms: bytes = b""
) -> Extract:
    """The rows of an export under variable names, in raw codes.

    A row without its event, or of a repeating instrument without its instance, is a row fault. With a
    dictionary, cells that do not fit it are doubted, each column is described in ``variables``, and
    ``unscheduled`` names the rows for which a column's form was not to be collected. Raises Fault for what
    ``delimited.read`` refuses, where the first column is not the record id, for labels that nothing given
    reads back, and for malformed companions.
    """
    project = _Project(options, dictionary, events, event_forms)
    extract, columns = project.columns(content)
    _check_columns(extract.columns, project.record_id, options.header_line)
    extract = _complete_rows(project.one_keying(extract))
    if not project.dictionary:
        return project.without_dictionary(extract)
    return project.checked(extract, columns)


class _Project:
    """What the companions say of the project, and an export read by it."""

    def __init__(self, options: Options, dictionary: bytes, events: bytes, event_forms: bytes) -> None:
        for name, content in (("dictionary", dictionary), ("events", events), ("event_forms", event_forms)):
            if getattr(options, name) and not content:
                raise Fault(f"{name}: the file is empty; put back the export as it was received")
        if event_forms and not dictionary:
            raise Fault("event_forms says nothing without a data dictionary; name one in the option dictionary")
        self.options = options
        self.dictionary: Dictionary | None = read_dictionary(dictionary) if dictionary else None
        self.events = read_events(events) if events else Events()
        self.known = columns_.columns_of(self.dictionary) if self.dictionary else ()
        self.event_forms = (
            read_event_forms(event_forms, self.dictionary, self.events) if event_forms and self.dictionary else {}
        )
        self.record_id = options.record_id or (self.dictionary.record_id if self.dictionary else "")
        self.doubts: list[CellDoubt] = []
        self.says: dict[str, str] = {}

    def columns(self, content: bytes) -> tuple[Extract, list[Column | None]]:
        """The export under variable names, and the project's column behind each."""
        header = header_of(content, self.options, self.known, self.options.headers)
        line = self.options.header_line
        if not header.labels:
            self._check_variables(header.names)
            extract = delimited.read(content, self.options)
            self._check_variables(extract.columns)
        elif not self.known:
            raise Fault("label headers need a data dictionary; export raw data, or name one in the option dictionary")
        else:
            extract = read_numbered(header, self.options)
        columns = columns_.matched(header.names if header.labels else extract.columns, self.known, header.labels)
        if header.labels:
            names = [c.name if c else text for c, text in zip(columns, header.names, strict=True)]
            delimited.check_names(tuple(names), f"line {line}")
            extract = replace(extract, columns=tuple(names))
        self.says["headers"] = "labels, read back by the dictionary" if header.labels else "raw"
        self.doubts += columns_.field_doubts(extract.columns, columns, self.known) if self.known else []
        return extract, columns

    def one_keying(self, extract: Extract) -> Extract:
        """The rows of one keying of double data entry, under the record's own id.

        A record merged of its keyings (11 beside 11--1 and 11--2) is read alone, one that was keyed once from that
        keying. Without the option ``keying``, a file in which records stand more than once is doubted.
        """
        ids, wanted = texts_of(extract.cells[0]), self.options.keying
        keyed = [KEYED.fullmatch(text.strip()) for text in ids]
        keyings: dict[str, set[str]] = {}
        for match in filter(None, keyed):
            keyings.setdefault(match["record"], set()).add(match["keying"])
        both = {record for record, found in keyings.items() if len(found) == 2}
        merged = {text.strip() for text, match in zip(ids, keyed, strict=True) if not match} & set(keyings)
        if not wanted and (both or merged):
            expected = f"each record once; {len(both | merged)} stand twice, with --1 and --2: say the option keying"
            self.doubts.append(CellDoubt("double_entry", -1, extract.columns[0], expected))
        if not wanted or not keyings:
            return extract
        once = set(keyings) - both - merged
        read_of = dict.fromkeys(both, wanted) | {record: min(keyings[record]) for record in once}
        read_of |= dict.fromkeys(merged, "")
        rows = [n for n, match in enumerate(keyed) if not match or read_of[match["record"]] == match["keying"]]
        self.says["double data entry"] = (
            f"keying {wanted} of {len(both - merged)} records; {_differing(extract, keyed)} cells differ between the "
            f"keyings; {len(once)} records keyed once; {len(merged)} merged records, read without their keyings"
        )
        cells = [texts_of(column) for column in extract.cells]
        cells[0] = [match["record"] if match else text for match, text in zip(keyed, ids, strict=True)]
        left_out = {**extract.left_out, f"the other keying than {wanted}": len(ids) - len(rows)}
        places = Places.of([extract.places[n] for n in rows])
        return replace(extract, cells=[[column[n] for n in rows] for column in cells], places=places, left_out=left_out)

    def _check_variables(self, columns: Sequence[str]) -> None:
        """Raise Fault for labels in place of variable names, if there is no dictionary to read them by."""
        labels = [str(n) for n, name in enumerate(columns, 1) if name.strip() and not VARIABLE.fullmatch(name)]
        if labels and not self.known:
            raise Fault(
                f"line {self.options.header_line}: no variable name in column {', '.join(labels[:10])}; "
                "export raw data, not labels, or name the export of the data dictionary in the option dictionary"
            )

    def without_dictionary(self, extract: Extract) -> Extract:
        """The extract as it stands. Raises Fault if it plainly holds labels."""
        if self.options.values == "labels":
            raise Fault("label values need a data dictionary; export raw data, or name one in the option dictionary")
        if self.options.values == "":
            refuse_labels(extract.columns, extract.cells, STATUS.values())
        cells, _ = self._own_columns(extract)
        forms = {name.removesuffix("_complete") for name in extract.columns if name.endswith("_complete")}
        stamps = [name for name in extract.columns if name.removesuffix("_timestamp") in forms]
        variables = {name: Variable(missing=NOT_COMPLETED) for name in stamps}
        self.says["values"] = "raw"
        unopened = boxes_of_unopened_forms(extract.columns, cells)
        self.doubts += boxes_without_status(extract.columns)
        decisions = extract.decisions | self.says | told(extract.columns, cells, self.dictionary, self.events)
        return replace(
            extract, cells=cells, decisions=decisions, doubts=self.doubts, variables=variables, unopened=unopened
        )

    def checked(self, extract: Extract, columns: Sequence[Column | None]) -> Extract:
        """The extract in raw codes, held against the dictionary."""
        assert self.dictionary is not None
        way = self.options.values
        labels = are_labels(columns, extract.cells) if way == "" else way == "labels"
        self.says["values"] = "labels, read back by the dictionary" if labels else "raw"
        cells, variables = self._own_columns(extract)
        for at, column in enumerate(columns):
            if column is None:
                continue
            variables.setdefault(column.name, column.variable())
            if column.choices and labels:
                cells[at], doubts = coded(column, cells[at])
                self.doubts += doubts
            elif column.choices:
                self.doubts += choice_doubts(column, cells[at])
            self.doubts += typed_doubts(column, cells[at])
        away = self._unscheduled(extract, columns, cells)
        forms = {column.name: column.form for column in columns if column}
        unopened = boxes_of_unopened_forms(extract.columns, cells, forms)
        self.doubts += boxes_without_status(extract.columns, forms)
        decisions = extract.decisions | self.says | told(extract.columns, cells, self.dictionary, self.events)
        order = {name: at for at, name in enumerate(extract.columns)}
        doubts = sorted(self.doubts, key=lambda d: (d.row, order.get(d.column, len(order))))
        return replace(
            extract,
            cells=cells,
            decisions=decisions,
            doubts=doubts,
            unscheduled=away,
            unopened=unopened,
            variables=variables,
        )

    def _own_columns(self, extract: Extract) -> tuple[list[Cells], dict[str, Variable]]:
        """The cells with events and repeating instruments by their names."""
        cells, variables = list(extract.cells), {}
        if EVENT in extract.columns:
            at = extract.columns.index(EVENT)
            cells[at], doubts, were_labels = named_events(cells[at], self.events)
            self.doubts += doubts
            variables[EVENT] = Variable("Event Name", self.events.labels)
            self.says["events"] = "labels, read back by the events file" if were_labels else "raw"
        if INSTRUMENT in extract.columns and self.dictionary:
            at = extract.columns.index(INSTRUMENT)
            cells[at], doubts = named_forms(cells[at], self.dictionary.forms)
            self.doubts += doubts
        return cells, variables

    def _unscheduled(
        self, extract: Extract, columns: Sequence[Column | None], cells: list[Cells]
    ) -> dict[str, list[int]]:
        assert self.dictionary is not None
        own = {
            name: cells[extract.columns.index(name)]
            for name in (EVENT, INSTRUMENT, INSTANCE)
            if name in extract.columns
        }
        patterns = patterns_of(own, len(extract.places))
        by_form = unscheduled_rows(patterns, self.dictionary.forms, self.event_forms)
        away = {}
        for column, texts in zip(columns, cells, strict=True):
            if column and column.form in by_form and column.name != self.dictionary.record_id:
                away[column.name] = by_form[column.form]
                self.doubts += unscheduled_doubts(column, texts, away[column.name])
        return away


def _differing(extract: Extract, keyed: Sequence[re.Match[str] | None]) -> int:
    """How many cells differ between the two keyings of a row: of a record, an event and a repetition of a form."""
    cells = [texts_of(column) for column in extract.cells]
    own = [cells[extract.columns.index(name)] for name in (EVENT, INSTRUMENT, INSTANCE) if name in extract.columns]
    rows: dict[tuple[str, ...], dict[str, int]] = {}
    for n, match in enumerate(keyed):
        if match:
            rows.setdefault((match["record"], *(column[n] for column in own)), {})[match["keying"]] = n
    pairs = [(found["1"], found["2"]) for found in rows.values() if len(found) == 2]
    return sum(column[one] != column[other] for column in cells[1:] for one, other in pairs)


def _complete_rows(extract: Extract) -> Extract:
    """The rows that have their event, and their instance if they are of a repeating instrument."""
    own = (EVENT, INSTRUMENT, INSTANCE)
    at = {name: texts_of(extract.cells[n]) for n, name in enumerate(extract.columns) if name in own}
    found: dict[int, tuple[str, str]] = {}
    if INSTRUMENT in at:
        says = ("instance_missing", f"the number of the repetition in {INSTANCE}")
        pairs = zip(at[INSTRUMENT], at[INSTANCE], strict=True)
        found |= {row: says for row, (form, n) in enumerate(pairs) if not n.strip() and form.strip()}
    if EVENT in at:
        says = ("event_missing", f"an event in {EVENT}")
        found |= {row: says for row, event in enumerate(at[EVENT]) if not event.strip()}
    if not found:
        return extract
    faults = [RowFault(extract.places[row], *says) for row, says in found.items()]
    faults = sorted([*extract.faults, *faults], key=lambda fault: fault.place.ordinal)
    kept = [row for row in range(len(extract.places)) if row not in found]
    cells = [[texts[row] for row in kept] for texts in map(texts_of, extract.cells)]
    return replace(extract, cells=cells, places=Places.of([extract.places[row] for row in kept]), faults=faults)


def _check_columns(columns: tuple[str, ...], record_id: str, line: int) -> None:
    first = columns[0]
    if first.startswith("redcap_") or first.endswith("_complete") or record_id not in ("", first):
        wanted = f"the record id {record_id}".rstrip()
        raise Fault(f"line {line}: the first column must be {wanted}, not {first[:60]}; export the record id first")
    if INSTRUMENT in columns and INSTANCE not in columns:
        raise Fault(f"line {line}: {INSTRUMENT} without {INSTANCE}; export both")


READER = Reader(Options, read, ("dictionary", "events", "event_forms"))
"""Reader of REDCap's exports, raw or with labels."""
