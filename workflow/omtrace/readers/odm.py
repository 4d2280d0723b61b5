"""Clinical data in CDISC's ODM-XML 1.3 (1.3.2 and before): a row a subject and study event, a form, or an item group.

Elements and attributes: CDISC, Specification for the Operational Data Model (ODM), version 1.3.2. Labels and code lists
come from the metadata of the same file, where it has them.
"""

from collections.abc import Iterator

from pydantic import Field, model_validator

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Reader, Variable
from omtrace.readers._xml import Element, tree_of

SUBJECT, SITE, EVENT, REPEAT = "SubjectKey", "LocationOID", "StudyEventOID", "StudyEventRepeatKey"
LEVELS = {
    "form": ("FormData", "FormOID", "FormRepeatKey"),
    "group": ("ItemGroupData", "ItemGroupOID", "ItemGroupRepeatKey"),
}
HISTORY = ("Update", "Remove")  # transactions that a snapshot does not have


class Options(Closed):
    """What a row is."""

    form: str = Field("", description="OID of a form, of which each is a row")
    group: str = Field("", description="OID of an item group, of which each is a row, such as a line of a log")

    @model_validator(mode="after")
    def one(self) -> "Options":
        """A row is one thing."""
        if self.form and self.group:
            raise ValueError("form: or group:, not both")
        return self


def read(content: bytes, options: Options) -> Extract:
    """The items of each row as text, the row's element as its place; ordinals count rows from 1.

    A row is a subject at a study event, with the items of all forms and item groups that never repeat within an event;
    the others are counted in ``left_out`` and read with ``form`` or ``group``. Columns: ``SubjectKey``,
    ``LocationOID``, ``StudyEventOID``, ``StudyEventRepeatKey``, with ``form`` or ``group`` its repeat key, and the
    OIDs of the items. Names of events, questions and code lists of the metadata are taken over. Raises Fault for what
    is no such file, holds no clinical data, or the history of changes instead of their result.
    """
    root = tree_of(content, "ODM-XML file")
    if root.name != "ODM":
        raise Fault("no ODM-XML file; export the clinical data as ODM 1.3, or name another reader")
    if root.get("ODMVersion").startswith("2"):
        raise Fault("ODM version 2; export the clinical data as ODM 1.3")
    events = [(subject, event) for subject in root.all("SubjectData") for event in subject.all("StudyEventData")]
    if not events:
        raise Fault("no clinical data in the file, only metadata; export the data of the subjects as well")
    for element in root.all("ClinicalData"):
        _check_snapshot(element)
    level = "form" if options.form else "group" if options.group else ""
    repeating = set() if level else _repeating(event for _, event in events)
    found: list[tuple[dict[str, str], Element]] = []
    for subject, event in events:
        head = _head(subject, event)
        for part, more in _parts(event, level, options):
            items = dict(_items(part, repeating))
            if items or level:
                found.append((head | more | items, part))
    if not found:
        known = (
            {e.get(LEVELS[level][1]) for _, event in events for e in event.all(LEVELS[level][0])} if level else set()
        )
        wanted = options.form or options.group
        raise Fault(f"no {level or 'item'} {wanted!r} in the data: {', '.join(sorted(known))}{nearest(wanted, known)}")
    columns = tuple(dict.fromkeys(name for row, _ in found for name in row))
    rows = [[row.get(name, "") for name in columns] for row, _ in found]
    places = [Place(n, part.first_line, part.last_line) for n, (_, part) in enumerate(found, 1)]
    left = {f"in {oid}, which repeats; read it by itself": n for oid, n in sorted(_left(events, repeating).items())}
    decisions = {"format": f"ODM-XML {root.get('ODMVersion')}".strip(), "row": level or "subject and study event"}
    return Extract.of_rows(columns, rows, places, decisions, left_out=left, variables=_variables(root, columns))


def _check_snapshot(element: Element) -> None:
    """Raise Fault where the file holds changes that have still to be made."""
    for part in element.parts:
        if part.get("TransactionType") in HISTORY:
            raise Fault(f"line {part.first_line}: a history of changes; export a snapshot (FileType Snapshot)")
        _check_snapshot(part)


def _head(subject: Element, event: Element) -> dict[str, str]:
    site = next((part.get(SITE) for part in subject.parts if part.name == "SiteRef"), "")
    head = {SUBJECT: subject.get(SUBJECT), SITE: site, EVENT: event.get(EVENT), REPEAT: event.get(REPEAT)}
    return {name: text for name, text in head.items() if text or name in (SUBJECT, EVENT)}


def _parts(event: Element, level: str, options: Options) -> Iterator[tuple[Element, dict[str, str]]]:
    """The elements of an event that are rows, each with its repeat key."""
    if not level:
        yield event, {}
        return
    name, oid, key = LEVELS[level]
    for part in event.all(name):
        if part.get(oid) == (options.form or options.group):
            yield part, {key: part.get(key) or "1"}


def _repeating(events: Iterator[Element]) -> set[str]:
    """The OIDs of forms and item groups that an event holds more than once."""
    found: set[str] = set()
    for event in events:
        for name, oid, _ in LEVELS.values():
            oids = [part.get(oid) for part in event.all(name)]
            found |= {one for one in oids if oids.count(one) > 1}
    return found


def _items(part: Element, repeating: set[str]) -> Iterator[tuple[str, str]]:
    """OID and value of the items within an element, those of what repeats aside."""
    for inner in part.parts:
        if inner.get("FormOID") in repeating or inner.get("ItemGroupOID") in repeating:
            continue
        if inner.name.startswith("ItemData") and inner.get("ItemOID"):
            yield inner.get("ItemOID"), "" if inner.get("IsNull") == "Yes" else inner.get("Value") or inner.text.strip()
        else:
            yield from _items(inner, repeating)


def _left(events: list[tuple[Element, Element]], repeating: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, event in events:
        for name, oid, _ in LEVELS.values():
            for part in event.all(name):
                if part.get(oid) in repeating:
                    found[part.get(oid)] = found.get(part.get(oid), 0) + 1
    return found


def _variables(root: Element, columns: tuple[str, ...]) -> dict[str, Variable]:
    """What the metadata say of the columns."""
    lists = {
        one.get("OID"): {item.get("CodedValue"): item.words() for item in one.all("CodeListItem")}
        for one in root.all("CodeList")
    }
    events = {event.get("OID"): event.get("Name") for event in root.all("StudyEventDef")}
    found = {EVENT: Variable("study event", events)} if events else {}
    for item in root.all("ItemDef"):
        if item.get("OID") in columns:
            label = next((part.words() for part in item.parts if part.name in ("Question", "Description")), "")
            coded = next((part.get("CodeListOID") for part in item.parts if part.name == "CodeListRef"), "")
            found[item.get("OID")] = Variable(label or item.get("Name"), lists.get(coded, {}))
    return found


READER = Reader(Options, read)
