"""What the reader found out about a REDCap export, told in a few words. No cell of a participant is told."""

from collections.abc import Sequence

from omtrace.readers._redcap_columns import EVENT, GROUP, INSTANCE, INSTRUMENT
from omtrace.readers._redcap_dictionary import Dictionary
from omtrace.readers._redcap_events import ARM_OF, Events, arm_of
from omtrace.readers._redcap_values import Cells, distinct, texts_of


def told(
    columns: Sequence[str], cells: Sequence[Cells], dictionary: Dictionary | None, events: Events
) -> dict[str, str]:
    """Decisions about record id, arms, repeating forms and events, data access groups and the dictionary."""
    texts = {
        name: texts_of(cells[at]) for at, name in enumerate(columns) if name in (EVENT, INSTRUMENT, INSTANCE, GROUP)
    }
    says = {"record id": columns[0], "dictionary": "none"}
    if dictionary:
        says["dictionary"] = f"{len(dictionary.fields)} fields in {len(dictionary.forms)} forms"
        if unread := [item.name for item in dictionary.fields if item.type == "sql" and item.name in columns]:
            says["without choices in the dictionary"] = ", ".join(unread)
    if EVENT in texts:
        names = {text.strip() for text in distinct(texts[EVENT])}
        arms = {events.arms.get(name) or arm_of(name) for name in names} - {""}
        says["arms"] = ", ".join(sorted(arms, key=lambda arm: (len(arm), arm))) or "not told by the events"
        told_names = sorted(name for name in names if name in events.labels or ARM_OF.search(name))
        says["events found"] = ", ".join(told_names) or str(len(names))
    if INSTRUMENT in texts:
        forms = {text.strip() for text in distinct(texts[INSTRUMENT])}
        known = sorted(forms & set(dictionary.forms)) if dictionary else sorted(forms)
        says["repeating forms"] = ", ".join(known) or "none found"
    if INSTANCE in texts:
        blank = [""] * len(texts[INSTANCE])
        rows = zip(texts.get(INSTRUMENT, blank), texts[INSTANCE], texts.get(EVENT, blank), strict=True)
        repeated = {event for form, instance, event in rows if instance.strip() and not form.strip()}
        named = sorted(event for event in repeated if event in events.labels or ARM_OF.search(event))
        says["repeating events"] = ", ".join(named) or (str(len(repeated)) if repeated else "none found")
    if GROUP in texts:
        says["data access groups"] = f"{len(distinct(texts[GROUP]))}, as written"
    return says
