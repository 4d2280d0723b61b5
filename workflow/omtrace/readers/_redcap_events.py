"""Events, arms, and which form belongs to which row: what was not to be collected is not missing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from omtrace.faults import Fault
from omtrace.model.closed import nearest
from omtrace.readers import CellDoubt
from omtrace.readers._redcap_columns import EVENT, INSTANCE, INSTRUMENT, Column, plain
from omtrace.readers._redcap_dictionary import Dictionary, check_known, rows_of
from omtrace.readers._redcap_values import Cells, distinct, doubts_at, texts_of

UNIQUE = re.compile(r"[a-z0-9_]+")
ARM_OF = re.compile(r"_arm_(\d+)[a-z]*$")
WITH_ARM = re.compile(r"(.*) \(Arm (\d+): .*\)", re.DOTALL)  # the event's label in a project of several arms


@dataclass(frozen=True)
class Events:
    """The events of a project: unique name -> label, and unique name -> number of the arm."""

    labels: dict[str, str] = field(default_factory=dict)
    arms: dict[str, str] = field(default_factory=dict)

    def names(self, label: str) -> list[str]:
        """The unique names that a label may stand for."""
        found = [name for name, text in self.labels.items() if label == text or plain(label) == plain(text)]
        if not found and (parts := WITH_ARM.fullmatch(label)):
            found = [name for name in self.names(parts[1]) if self.arms[name] == parts[2]]
        return found


def read_events(content: bytes) -> Events:
    """The events file: columns event_name and unique_event_name, and arm_num. Raises Fault if it is malformed."""
    labels, arms = {}, {}
    for line, row in _companion(content, "events", ("event_name", "unique_event_name")):
        name = row["unique_event_name"]
        if name in labels:
            raise Fault(f"events line {line}, column unique_event_name: the name stands twice; export it again")
        labels[name], arms[name] = row["event_name"], row.get("arm_num") or arm_of(name)
    return Events(labels, arms)


def arm_of(event: str) -> str:
    """The number of the arm at the end of a unique event name; "" if it has none."""
    found = ARM_OF.search(event)
    return found[1] if found else ""


def read_event_forms(content: bytes, dictionary: Dictionary, events: Events) -> dict[str, set[str]]:
    """Event -> forms collected there: columns unique_event_name and form.

    Raises Fault for a malformed file, a form that the dictionary does not have, and an event that is not
    in the events file, if there is one.
    """
    rows = _companion(content, "event_forms", ("unique_event_name", "form"))
    check_known([(line, row["form"]) for line, row in rows], dictionary.forms, "event_forms", "form of the dictionary")
    if events.labels:
        names = [(line, row["unique_event_name"]) for line, row in rows]
        check_known(names, events.labels, "event_forms", "event of the events file")
    forms: dict[str, set[str]] = {}
    for _, row in rows:
        forms.setdefault(row["unique_event_name"], set()).add(row["form"])
    return forms


def _companion(content: bytes, part: str, needs: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    columns, rows = rows_of(content, part)
    faults = [
        f"{part} line 1: no column {name}{nearest(name, columns)}; export it again"
        for name in needs
        if name not in columns
    ]
    faults = faults or [
        f"{part} line {line}, column {name}: blank; export it again"
        for line, row in rows
        for name in needs
        if not row[name]
    ]
    if faults:
        raise Fault(*faults)
    return rows


def named_events(cells: Cells, events: Events) -> tuple[Cells, list[CellDoubt], bool]:
    """The column of events by their unique names, doubts, and whether they were labels.

    Raises Fault for labels without an events file, and for a label that several events share.
    """
    texts = distinct(cells)
    if not events.labels:
        labels = {text for text in texts if not UNIQUE.fullmatch(text.strip())}
        if len(labels) > len(texts) / 2:
            raise Fault(
                f"labels of events in {EVENT}; export raw data, or name the export of the events in the option events"
            )
        return cells, doubts_at(cells, labels, "event_label", EVENT, "the unique name of an event"), False
    codes, strange = {}, set()
    for text in texts - set(events.labels):
        found = [text.strip()] if text.strip() in events.labels else events.names(text.strip())
        if len(found) > 1:
            raise Fault(f"one label stands for the events {', '.join(found)}; export raw event names")
        if found:
            codes[text] = found[0]
        else:
            strange.add(text)
    doubts = doubts_at(cells, strange, "dictionary_choice", EVENT, "an event of the events file")
    if not codes:
        return cells, doubts, False
    return [codes.get(text, text) for text in texts_of(cells)], doubts, True


def named_forms(cells: Cells, forms: Sequence[str]) -> tuple[Cells, list[CellDoubt]]:
    """The column of repeating instruments by form names. REDCap makes the name of a form from its label."""
    codes, strange = {}, set()
    for text in distinct(cells) - set(forms):
        name = re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")
        if name in forms:
            codes[text] = name
        else:
            strange.add(text)
    doubts = doubts_at(cells, strange, "dictionary_choice", INSTRUMENT, "a form of the data dictionary")
    return ([codes.get(text, text) for text in texts_of(cells)] if codes else cells), doubts


Pattern = tuple[str, str, bool]  # event, repeating form, whether there is an instance


def patterns_of(columns: dict[str, Cells], rows: int) -> dict[Pattern, list[int]]:
    """The rows of each combination of event, repeating form and presence of an instance."""
    blank = [""] * rows
    found: dict[Pattern, list[int]] = {}
    own = (texts_of(columns.get(name, blank)) for name in (EVENT, INSTRUMENT, INSTANCE))
    for row, (event, form, instance) in enumerate(zip(*own, strict=True)):
        found.setdefault((event, form, instance != ""), []).append(row)
    stripped: dict[Pattern, list[int]] = {}
    for (event, form, instance), at in found.items():
        stripped.setdefault((event.strip(), form.strip(), instance), []).extend(at)
    return stripped


def unscheduled_rows(
    patterns: dict[Pattern, list[int]], forms: Sequence[str], event_forms: dict[str, set[str]]
) -> dict[str, list[int]]:
    """Form -> rows for which it was not to be collected.

    A row of a repeating form has that form alone; the row without it has none of the forms that repeat at
    its event; an event has the forms that the map gives it (all, if there is no map).
    """
    repeating: dict[str, set[str]] = {}
    for event, form, _ in patterns:
        repeating.setdefault(event, set()).update({form} & set(forms))
    away: dict[str, list[int]] = {}
    for (event, form, instance), rows in patterns.items():
        here = event_forms.get(event, set()) if event_forms else set(forms)
        if form in forms:
            here = here & {form}
        elif form:
            continue  # a form that the dictionary does not have: doubted, and nothing is known of its row
        elif not instance:
            here = here - repeating[event]
        for absent in forms:
            if absent not in here:
                away.setdefault(absent, []).extend(rows)
    return {form: sorted(rows) for form, rows in away.items()}


def unscheduled_doubts(column: Column, cells: Cells, rows: list[int]) -> list[CellDoubt]:
    """Doubts for values in rows for which nothing was to be collected; REDCap fills boxes there with 0."""
    filled = distinct(cells) - ({"0"} if column.kind == "checkbox" else set())
    if not filled:
        return []
    expected = f"nothing: the form {column.form} does not belong to the row"
    texts = texts_of(cells)
    return [CellDoubt("unscheduled_value", row, column.name, expected) for row in rows if texts[row] in filled]
