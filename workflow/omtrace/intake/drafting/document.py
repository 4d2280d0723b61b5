"""A first plan as YAML, with a comment wherever only a person can say what is right."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from omtrace.intake.drafting.draft import Draft, ParameterDraft, TableDraft
from omtrace.intake.drafting.events import TimeToEvent, times_to_event
from omtrace.intake.drafting.profile import ColumnProfile, FileProfile, greatest_and_least
from omtrace.intake.drafting.tables import visits_in_order
from omtrace.model.document import Word, plain_word
from omtrace.model.sources import MANY

WIDTH = 116
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./()%+-]*[A-Za-z0-9_.)%]|[A-Za-z_]|-?[0-9]+(\.[0-9]+)?")
SCHEMA = "# yaml-language-server: $schema=../../workflow/schemas/plan.schema.json"
ENDPOINT = "outcome|end_?point|primary"
MOST_OUTCOMES = 12  # that one analysis takes: of more, the first, and a comment
CHOICES = {
    "parallel": "Two or more arms side by side.",
    "single-arm": "One group, before and after.",
    "crossover": "Each participant under each condition.",
    "cluster": "Groups of units were given their treatment together.",
    "factorial": "Two treatments crossed.",
    "animals": "Animals in groups.",
}


def shown(value: object) -> str:
    """A value in YAML's flow style, quoted where it has to be."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{shown(str(key))}: {shown(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(shown, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    plain = PLAIN.fullmatch(value) and not MANY.fullmatch(value)
    return value if plain and plain_word(value) == Word(value) else json.dumps(value, ensure_ascii=False)


def entry(indent: int, key: str, value: object, remark: str = "") -> Iterator[str]:
    """A key with its value, on one line where it fits, else a line for each of its entries."""
    space, comment = " " * indent, f"   # {remark}" if remark else ""
    line = f"{space}{shown(key)}: {shown(value)}"
    if len(line) <= 2 * WIDTH or not isinstance(value, Mapping):
        yield from _wrapped(line, indent + len(key) + 3, comment)
        return
    yield f"{space}{shown(key)}:{comment}"
    for name, part in value.items():
        yield from entry(indent + 2, str(name), part)


def _wrapped(line: str, indent: int, comment: str) -> Iterator[str]:
    """A line broken after commas where it is too long."""
    while len(line) > WIDTH and (cut := line.rfind(", ", 0, WIDTH)) > indent:
        yield line[: cut + 1]
        line = " " * indent + line[cut + 2 :]
    yield line + comment


def plan_text(
    study: str, draft: Draft, options: Mapping[str, Mapping[str, object]], harmless: Mapping[str, str] | None = None
) -> str:
    """The plan as text. ``options``: file -> those of its reader; ``harmless``: column -> why it identifies nobody."""
    lines = [SCHEMA, *_head(study, draft), *_sources(draft, options, harmless or {}), *_tables(draft), *_dataset(draft)]
    analyses = [*_analyses(draft)]
    lines += [*(analyses if len(analyses) > 1 else ["analyses: {}"]), *_figures(draft)]
    return "\n".join(lines) + "\n"


def _head(study: str, draft: Draft) -> Iterator[str]:
    files = ", ".join(file.path.name for file in draft.files)
    yield "# Written by omtrace new-study from the files alone. A line that ends in SAY: ... is yours to settle."
    yield from entry(0, "study", study)
    yield from entry(0, "title", study.replace("_", " "), "SAY: the title of the report")
    yield from entry(0, "kind", "real", "SAY: real, or simulated")
    yield from entry(0, "statement", f"Data from {files}.", "SAY: whose data these are; printed on every output")
    design = CHOICES.get(draft.design or ("parallel" if draft.arm else "single-arm"), "")
    yield from entry(0, "design", design, "SAY: who was assigned to what, how, and when it was measured")
    missing = dict(draft.missing)
    for table in draft.tables:
        for column in table.columns.values():
            if isinstance(column, ColumnProfile):
                missing |= column.missing
    if missing:
        yield from entry(0, "missing_codes", missing, "SAY: what each of these says; none is a value")


def _sources(draft: Draft, options: Mapping[str, Mapping[str, object]], harmless: Mapping[str, str]) -> Iterator[str]:
    yield from (f"# SAY: {doubt}." for doubt in draft.doubts)
    yield "sources:"
    for file in draft.files:
        source: dict[str, object] = {"reader": file.reader}
        if options.get(file.name):
            source["options"] = dict(options[file.name])
        if draft.unit_parts:
            source["unit"] = list(draft.unit_parts)
        elif draft.unit:
            source["columns"] = {"unit_id": draft.unit}
        if mine := {column: why for column, why in harmless.items() if column in file.extract.columns}:
            source["identifiers"] = mine
        place, *rest = draft.unit_parts or [""]
        says = f"SAY: whether {', '.join(rest)} is given anew in each {place}" if rest else ""
        yield from entry(2, file.name, source, says)


def _tables(draft: Draft) -> Iterator[str]:
    yield "# SAY: the unit of each number (unit: kg) and its bounds (bounds: [30, 200]); what was seen is beside it."
    yield "tables:"
    files = {file.name: file for file in draft.files}
    for table in draft.tables:
        yield from _table(table, files[table.source])


def _table(table: TableDraft, file: FileProfile) -> Iterator[str]:
    yield f"  {table.name}:"
    yield from entry(4, "source", table.source)
    for key, value in table.keys.items():
        yield from entry(4, key, value)
    named = {own: raw for own, raw in table.columns.items() if isinstance(raw, str) and own != "unit_id"}
    declared = {own: column for own, column in table.columns.items() if isinstance(column, ColumnProfile)}
    if named:
        yield from entry(4, "columns", named)
    if not declared:
        return
    yield "    columns:"
    for own, column in declared.items():
        said, remark = declaration(own, column)
        yield from entry(6, own, said, remark)


def declaration(own: str, column: ColumnProfile) -> tuple[dict[str, object], str]:
    """What the plan says of a column, and what is left to be said."""
    said: dict[str, object] = {} if column.raw == own else {"source": column.raw}
    said["type"] = column.kind
    if column.kind == "category":
        codes = (
            {text: text for text in sorted(column.texts)} | dict(column.spellings) if column.spellings else column.codes
        )
        said |= {"codes": codes} if codes else {"values": sorted(column.texts)}
    low, high = column.bounds
    if (low, high) != (None, None):
        said["bounds"] = [low, high]
    if column.required:
        said["required"] = True
    if column.label:
        said["description"] = column.label[:200]
    if column.remark:
        return said, f"SAY: {column.remark}"
    if column.spellings:
        return said, f"SAY: whether {', '.join(f'{text} is {level}' for text, level in column.spellings.items())}"
    if column.is_number and "bounds" not in said:
        seen = greatest_and_least(column)
        return said, f"seen {seen}" if seen else ""
    named = column.kind == "category" and column.codes and all(code == name for code, name in column.codes.items())
    return said, "SAY: a name for each code" if named else ""


def _dataset(draft: Draft) -> Iterator[str]:
    yield "datasets:"
    yield "  units:"
    animals = draft.design == "animals"
    yield from entry(4, "unit", "animal" if animals else "participant", "SAY: what one unit is")
    if draft.cluster:
        says = {"what": draft.cluster.replace("_", " "), "parameter": draft.cluster}
        yield from entry(4, "experimental_unit", says, "SAY: what was given its treatment on its own")
    yield from entry(
        4, "roster", {"table": draft.roster, "column": "unit_id"}, "SAY: the list of all who were enrolled"
    )
    if draft.visits:
        yield from entry(4, "visits", dict(visits_in_order(draft)), "SAY: labels, and their order in time")
        if draft.baseline:
            yield from entry(4, "baseline", draft.baseline)
        else:
            yield "    # baseline: ...   # SAY: the visit before treatment, if any; changes are counted from it"
    if draft.treatments:
        yield from entry(4, "group", draft.group)
        groups = {group: f"{first} first" for group, first in draft.sequences.items()}
        yield from entry(4, "groups", groups, "SAY: labels of the sequences, named by their first treatment")
    elif draft.arm and draft.group:
        yield from entry(4, "group", draft.group)
        yield from entry(4, "groups", draft.arm.groups, "SAY: labels; the reference stands first")
    yield "    # SAY: of each outcome whether lower or higher is better (better: lower)."
    yield "    parameters:"
    for parameter in draft.parameters.values():
        yield from _parameter(parameter)


def _parameter(parameter: ParameterDraft) -> Iterator[str]:
    said: dict[str, object] = {"derive": parameter.derive, "label": parameter.label[:80]}
    if parameter.visits:
        said["visits"] = list(parameter.visits)
    if parameter.decimals > 1:
        said["decimals"] = parameter.decimals
    said["options"] = {name: value for name, value in parameter.options.items() if name != "group"}
    yield from entry(6, parameter.name, said)


def _analysis(
    name: str, method: str, title: str, role: str, parameters: Sequence[str], **more: object
) -> Iterator[str]:
    said = {"method": method, "title": title, "role": role, "parameters": list(parameters), **more}
    yield from entry(2, name, said)


class _Kinds(NamedTuple):
    """The parameters that are analysed: times to an event, numbers, yes and no, and what is known of a unit."""

    timed: list[TimeToEvent]
    outcomes: list[ParameterDraft]
    events: list[ParameterDraft]
    facts: list[ParameterDraft]


def _kinds(draft: Draft) -> _Kinds:
    """The parameters of a draft by kind. Beside a time to an event, what was measured once is known of the unit."""
    timed = [*times_to_event(draft)]
    used = {p.name for pair in timed for p in (pair.time, pair.event)}
    outcomes, events, facts = (
        [p for p in some if p.name not in used] for some in (draft.outcomes(), draft.outcomes("yes or no"), draft.facts)
    )
    if timed and not draft.outcome and not any(p.visits for p in outcomes + events):
        outcomes, events, facts = [], [], [*facts, *outcomes, *events]
    return _Kinds(timed, outcomes, events, facts)


def _analyses(draft: Draft) -> Iterator[str]:
    timed, outcomes, events, facts = _kinds(draft)
    yield "analyses:"
    first = [*outcomes, *events, *(pair.time for pair in timed), *facts][:1]
    if first:
        yield from _analysis("flow", "flow", "Flow of units", "descriptive", [first[0].name])
    if facts:
        names = [fact.name for fact in facts]
        if draft.arm and draft.group and not draft.cluster:
            yield "  # SAY: which of these were known before treatment; what came after it belongs to the outcomes."
            yield from _analysis("at_baseline", "baseline_table", "Units by group", "descriptive", names)
        else:
            yield from _analysis("units", "describe", "Units", "descriptive", names)
    if outcomes:
        names = [outcome.name for outcome in outcomes]
        yield from _analysis("outcomes", "describe", "Outcomes by visit and group", "descriptive", names)
    yield from _timed(draft, timed, "secondary" if outcomes else "primary")
    if draft.group or draft.baseline or len(draft.factors) > 1:
        yield from _compared(draft, outcomes, events)
    if events and draft.treatments:
        names = [one.name for one in events]
        options = _crossover(draft) | {"outcome": "yes or no"}
        yield from _analysis("yes_or_no", "crossover", "Yes and no by treatment", "secondary", names, options=options)
    elif events and not draft.cluster:
        title = "How many said yes"
        yield from _analysis("yes_or_no", "proportion", title, "descriptive", [one.name for one in events])


def _timed(draft: Draft, timed: Sequence[TimeToEvent], role: str) -> Iterator[str]:
    """The time to each event, by group where there are groups and each unit stands alone."""
    if timed:
        yield "  # SAY: from when the time counts, that yes or 1 is the event, and at which times curves are told."
    pairs: list[list[str]] = []
    if draft.arm and draft.group and not draft.cluster and not draft.treatments:
        reference, *others = draft.arm.groups
        pairs = [[other, reference] for other in others]
    for number, pair in enumerate(timed, 1):
        role = role if number == 1 else "secondary"
        options = {"event": pair.event.name, "times": list(pair.times)} | ({"contrasts": pairs} if pairs else {})
        name = f"time_to_event_{number}"
        yield from _analysis(name, "time_to_event", pair.time.label, role, [pair.time.name], options=options)


def _compared(draft: Draft, outcomes: Sequence[ParameterDraft], events: Sequence[ParameterDraft]) -> Iterator[str]:
    """The comparison, of the first outcome as the primary one, and of the others; then of yes and no.

    What was measured before treatment alone is no outcome of it.
    """
    outcomes, events = (
        [p for p in some if not draft.baseline or p.visits != (draft.baseline,)] for some in (outcomes, events)
    )
    if outcomes and draft.treatments:
        yield "  # SAY: which outcome answers the question of the study; here the first. Treatment of interest first."
    elif outcomes or events:
        yield "  # SAY: which outcome, at which visit, answers the question of the study; here the first, at the last."
    shared = bool(draft.arm and draft.group and not draft.cluster and not draft.treatments and len(draft.factors) < 2)
    called = [p for p in events if shared and not draft.outcome and re.search(ENDPOINT, p.raw, re.IGNORECASE)]
    if outcomes:
        name, role = ("first", "secondary") if called else ("primary", "primary")
        yield from _comparison(draft, name, role, outcomes[:1])
    alike: dict[tuple[str, bool], list[ParameterDraft]] = {}
    for outcome in outcomes[1:MOST_OUTCOMES]:
        alike.setdefault((_last(draft, [outcome]), draft.baseline in outcome.visits), []).append(outcome)
    for number, some in enumerate(alike.values(), 1):
        yield from _comparison(draft, "others" if number == 1 else f"others_{number}", "secondary", some)
    if len(outcomes) > MOST_OUTCOMES:
        yield f"  # SAY: {len(outcomes) - MOST_OUTCOMES} further outcomes are described above, and not compared."
    if shared:
        others = [event for event in events if event not in called][:MOST_OUTCOMES]
        yield from _shares(draft, "shares", called, "primary")
        name = "other_shares" if called else "shares"
        yield from _shares(draft, name, others, "secondary" if outcomes or called else "primary")


def _shares(draft: Draft, name: str, events: Sequence[ParameterDraft], role: str) -> Iterator[str]:
    """The shares of yes of each group against the reference."""
    assert draft.arm
    last = _last(draft, events)
    reference, *others = draft.arm.groups
    for number, other in enumerate(others if events else (), 1):
        yield from _analysis(
            f"{name}_{number}",
            "compare_proportions",
            f"Shares of {other} and {reference}",
            role if number == 1 else "secondary",
            [event.name for event in events],
            **({"visits": [last]} if last else {}),
            options={"group": other, "reference": reference},
        )


def _comparison(draft: Draft, name: str, role: str, outcomes: Sequence[ParameterDraft]) -> Iterator[str]:
    names = [outcome.name for outcome in outcomes]
    what = outcomes[0].label if len(outcomes) == 1 else "Other outcomes"
    last = _last(draft, outcomes)
    at = {"visits": [last]} if last else {}
    visited = all(outcome.visits for outcome in outcomes)
    before = bool(draft.baseline) and _all_at(outcomes, draft.baseline) and last != draft.baseline
    if draft.treatments:
        title = f"{what} by treatment"
        yield from _analysis(name, "crossover", title, role, names, options=_crossover(draft))
    elif len(draft.factors) > 1:
        options: dict[str, object] = {"factors": draft.factors}
        yield from _analysis(
            name, "factorial", f"{what}, factors and their interactions", role, names, **at, options=options
        )
    elif draft.arm and draft.group and draft.cluster:
        reference, *others = draft.arm.groups
        pairs = [{"of": draft.group, "pair": [other, reference]} for other in others]
        adjusted = visited and before
        terms = [draft.group, *["baseline"] * adjusted]
        options = {"terms": terms, "random": [draft.cluster], "contrasts": pairs}
        title = f"{what} by group{', adjusted for baseline' * adjusted}"
        yield from _analysis(name, "mixed_model", title, role, names, **at, options=options)
    elif draft.arm and draft.group:
        reference, *others = draft.arm.groups
        contrasts = [[other, reference] for other in others]
        adjusted = visited and before
        method = "ancova" if adjusted else "compare_groups"
        title = f"{what} by group{', adjusted for baseline' * adjusted}"
        yield from _analysis(name, method, title, role, names, **at, options={"contrasts": contrasts})
    elif visited and before:
        yield from _analysis(name, "paired_change", f"{what}, change since baseline", role, names)


def _crossover(draft: Draft) -> dict[str, object]:
    """The options of a crossover of two treatments."""
    reference, other = draft.treatments
    sequences = {
        group: [first, reference if first == other else other]
        for group, first in sorted(draft.sequences.items(), key=lambda one: one[1] != other)
    }
    return {"sequences": sequences, "contrast": [other, reference]}


def _last(draft: Draft, outcomes: Sequence[ParameterDraft]) -> str:
    """The last visit that all of some outcomes have; "" where they have none in common."""
    return next((visit for visit in reversed([*dict(visits_in_order(draft))]) if _all_at(outcomes, visit)), "")


def _all_at(outcomes: Sequence[ParameterDraft], visit: str) -> bool:
    return all(visit in outcome.visits for outcome in outcomes)


def _figures(draft: Draft) -> Iterator[str]:
    timed, outcomes, _, _ = _kinds(draft)
    if outcomes or timed:
        yield "figures:"
    if timed:
        analyses = [f"time_to_event_{number}" for number in range(1, len(timed) + 1)]
        curves = {"figure": "survival", "analyses": analyses, "title": "Curves of Kaplan and Meier"}
        yield from entry(2, "curves", curves)
    visited = [outcome.name for outcome in outcomes if outcome.visits][:6]
    others = [outcome.name for outcome in outcomes if not outcome.visits][:6]
    for name, figure, title, names in (
        ("means", "means", "Means with 95% intervals", visited),
        ("values", "distribution", "Every value", others),
    ):
        if names:
            said = {"figure": figure, "analyses": ["outcomes"], "title": title, "options": {"parameters": names}}
            yield from entry(2, name, said)
