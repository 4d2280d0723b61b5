"""The tables, parameters and analyses of a first plan, from what is known of its files."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from omtrace.faults import Fault
from omtrace.instruments import instrument_of
from omtrace.intake.drafting.crossing import crossed, is_crossover, sequence_of
from omtrace.intake.drafting.draft import Draft, Holds, Request
from omtrace.intake.drafting.events import EVENT as EVENT_NAMES
from omtrace.intake.drafting.events import NUMBERED
from omtrace.intake.drafting.profile import ColumnProfile, FileProfile, decimals_of, in_one_spelling, merged, own_name
from omtrace.intake.drafting.questionnaires import Match, answers_unknown, questionnaires_in
from omtrace.intake.drafting.roles import (
    ADAM,
    ARMS,
    BLANK,
    FACTS,
    OUTCOMES,
    REPEATS,
    ROW_NAME,
    VISITS,
    Visits,
    arm_of,
    cluster_of,
    doubt_of,
    factors_of,
    is_constant,
    is_of_the_survey,
    is_unique,
    joined,
    named,
    numbered_alike,
    place_of,
    possible_arms,
    stems_of,
    unit_column,
    visits_of,
    visits_without_unit,
    with_factors,
)
from omtrace.readers import reader_of

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", REPEATS, "redcap_repeat_instance"
SYSTEM = (ROW_NAME, EVENT, INSTRUMENT, INSTANCE, "redcap_survey_identifier", "redcap_data_access_group")
YES = ("yes", "y", "ja", "oui", "si", "true", "1")
MOST_PARAMETERS = 12
WANTED = r"([0-9]+_)?(yes|y|good|positive|improved|success\w*|true|respon\w*|cured|healed|alive|none|1)$"
DAYS = r"(study_?)?day(_?(no|nr|number))?|date|time.*|index|row|sequence|seq|nr|no|instance|trial|replicate|rep"


def draft_of(files: Sequence[FileProfile], request: Request, forms: Mapping[str, Mapping[str, str]]) -> Draft:
    """A first plan for files.

    Parameters
    ----------
    files
        The files of data.
    request
        What the command says.
    forms
        File -> raw column -> form, of files with a data dictionary.
    """
    named_by = _units(files, request)
    unit, files = named_by.column, named_by.files
    files = [
        replace(file, columns=tuple(c if c.raw == unit else in_one_spelling(c) for c in file.columns)) for file in files
    ]
    if request.design == "factorial":
        files = [with_factors(file, unit) for file in files]
    if not request.design and any(is_crossover(file, unit, request.arm, request.reference) for file in files):
        request = replace(request, design="crossover")
    draft = Draft(list(files), unit, request.design, outcome=request.outcome, unit_parts=named_by.parts)
    draft.found.append(f"unit: {unit}" if unit else "unit: each row, since no column names one")
    compared = request.design not in ("single-arm", "crossover")
    draft.doubts += _spelled(files)
    if request.arm and request.design == "single-arm":
        raise Fault(f"--arm {request.arm}: a single-arm design has none; leave one of the two out")
    if compared and (arm := arm_of(files, unit, request.arm, request.reference)):
        draft.arm = arm
        draft.found.append(f"arm: {arm.column.raw} ({', '.join(arm.groups)})")
        draft.cluster_column = cluster_of(files, unit, arm) if request.design in ("", "cluster", "animals") else ""
    is_crossed = False
    for file in files:
        draft.doubts += filter(None, [doubt_of(file, unit)] if request.design != "crossover" else [])
        visits, periods = None, None
        if request.design == "crossover":
            visits, periods = crossed(file, unit, request.arm, request.visit, request.reference)
        is_crossed = is_crossed or bool(visits)
        visits = visits or visits_of(file, unit, request.visit, request.wide)
        if visits:
            draft.visits |= visits.labels
            draft.baseline = draft.baseline or visits.baseline
            draft.found.append(f"visits of {file.path.name}: {', '.join(visits.labels.values())}")
        if periods and not draft.treatments:
            _, draft.treatment, draft.treatments = periods
            if told := sequence_of(file, unit, draft.treatment, periods[0]):
                draft.arm, draft.sequences = told
            draft.found.append(f"crossover: {' and '.join(draft.treatments)} in two periods")
        _File(draft, file, visits, forms.get(file.name, {})).add()
        if periods and not draft.sequences:
            _add_sequence(draft, next(iter(periods[0].labels)))
    if request.design == "crossover" and request.arm and not is_crossed:
        raise Fault(
            f"--arm {request.arm}: it holds no treatments of one {unit or 'unit'}, a row each, as in a crossover"
        )
    draft.roster = draft.roster or (draft.tables[0].name if draft.tables else "")
    _group(draft, request)
    draft.doubts += _asked(draft, request)
    draft.found += [f"without a parameter: {raw} ({why})" for raw, why in draft.unused.items()]
    return draft


def _asked(draft: Draft, request: Request) -> Iterator[str]:
    """What is to be asked of groups and visits that no name tells."""
    if not draft.arm and request.design in ("", "parallel", "cluster", "animals") and not draft.baseline:
        if raws := [column.raw for file in draft.files for column in possible_arms(file, draft.unit)]:
            yield f"no column is called as one of groups is; --arm takes one of {', '.join(raws[:MOST_PARAMETERS])}"
    outcomes = [*draft.outcomes(), *draft.outcomes("yes or no")]
    if (draft.arm or draft.baseline) and not outcomes:
        yield "nothing is compared, since no column of an outcome holds numbers, or yes and no"
    if not draft.unit:
        yield from filter(None, map(visits_without_unit, draft.files))
    for file in draft.files if not draft.visits else ():
        if ends := numbered_alike(file, draft.unit):
            wide = ",".join(ends)
            yield f"columns of {file.path.name} end in {wide}: visits side by side? Then give --wide {wide}"


class _Units(NamedTuple):
    """The column that names the unit, the columns that it is joined of, and the files with such a column."""

    column: str
    parts: tuple[str, ...]
    files: Sequence[FileProfile]


def _units(files: Sequence[FileProfile], request: Request) -> _Units:
    """What names the unit: a column, or a place with a number that is given anew in each place."""
    parts = tuple(filter(None, (part.strip() for part in request.unit.split(","))))
    if len(parts) < 2:
        unit = unit_column(files, request.unit)
        place = place_of(files, unit) if unit and not request.unit and request.design != "crossover" else ""
        if not place:
            return _Units(unit, (), files)
        parts = (place, unit)
    return _Units("/".join(parts), parts, joined(files, parts))


def _group(draft: Draft, request: Request) -> None:
    """Name the factors, and the cluster that arms were allocated by."""
    files, unit = draft.files, draft.unit
    if request.design == "factorial":
        raws = {column.raw for file in files for column in factors_of(file, unit)}
        draft.factors = [p.name for p in draft.parameters.values() if p.raw in raws][:3]
        draft.found.append(f"factors: {', '.join(draft.factors) or 'none; name them in the plan'}")
    if draft.cluster_column:
        draft.cluster = next((p.name for p in draft.parameters.values() if p.raw == draft.cluster_column), "")
        draft.found += [f"cluster: {draft.cluster}"] * bool(draft.cluster)


def _spelled(files: Sequence[FileProfile]) -> Iterator[str]:
    """Which spellings of a category were taken for one."""
    for column in chain.from_iterable(file.columns for file in files):
        if levels := dict.fromkeys(column.spellings.values()):
            yield f"{column.raw}: {', '.join(map(repr, column.spellings))} taken for {', '.join(map(repr, levels))}"


def _add_sequence(draft: Draft, period: str) -> None:
    """The sequence of a crossover that no column names, named by the treatment of its first period, as the group."""
    treatment = next(p.name for p in draft.parameters.values() if p.raw == draft.treatment)
    options = {"of": treatment, "visit": period, "group": True}
    draft.parameter("sequence", "First treatment", "at_visit", options, "categories", is_fact=True)
    draft.sequences = dict(zip(draft.treatments, draft.treatments, strict=True))


def _label(column: ColumnProfile) -> str:
    return column.label or column.raw.replace("_", " ")


class _File:
    """The tables and parameters of one file."""

    def __init__(self, draft: Draft, file: FileProfile, visits: Visits | None, forms: Mapping[str, str]) -> None:
        self.draft, self.file, self.visits, self.forms = draft, file, visits, forms
        self.unit = draft.unit
        self.system = {
            self.unit,
            *draft.unit_parts[-1:],
            visits.column if visits else "",
            *SYSTEM,
            *reader_of(file.reader).made,
        }
        self.system |= {column.raw for column in file.columns if column.raw.endswith("_complete") and forms}
        self.once = not self.unit or is_unique(file, [self.unit])

    def add(self) -> None:
        """Known questionnaires first; then what is left, as tables of the study's own."""
        if self.visits and self.visits.column == ADAM["visit"] and {*ADAM.values()} <= {*self.file.extract.columns}:
            self._parameters_below()
            return
        wide = stems_of(self.file, self.visits) if self.visits and self.visits.wide else {}
        beside = {column.raw for of in wide.values() for column in of}
        plain = [column for column in self.file.columns if column.raw not in self.system | beside]
        plain = [replace(c, name="visit_text") if c.name == "visit" else c for c in plain]  # a table's own word
        called = {**wide, **{column.raw: [column] for column in plain}}
        texts = {raw: sum((Counter(column.texts) for column in of), Counter[str]()) for raw, of in called.items()}
        arm = self.draft.arm
        if arm and arm.file == self.file.name:
            plain = [arm.column if column.raw == arm.column.raw else column for column in plain]
        taken: set[str] = set()
        for match in questionnaires_in(texts):
            taken |= {*match.columns.values()}
            for column in chain.from_iterable(called[raw] for raw in match.columns.values()):
                self.draft.missing |= column.missing
            self._questionnaire(match)
        self.draft.doubts += answers_unknown(texts)
        left = [column for column in plain if column.raw not in taken]
        stems = {stem: of for stem, of in wide.items() if stem not in taken}
        if self.forms:
            self._forms(left)
        elif left or not stems:
            self._rest(left)
        if stems:
            self._beside(stems)

    def _several(self) -> bool:
        """Whether the file has more than one unit."""
        return len({*self.file.cells(self.unit)}) > 1

    def _common(self) -> dict[str, ColumnProfile | str]:
        """The unit, for the columns of a table."""
        return {"unit_id": self.unit} if self.unit and not self.draft.unit_parts else {}

    def _keys(self) -> dict[str, object]:
        return {} if self.unit else {"unit": ["@export", "@row"]}

    def _visit_keys(self) -> dict[str, object]:
        if not self.visits:
            return {}
        if self.visits.wide:
            return {"wide": self.visits.wide}
        return {"visit": {"column": self.visits.column, "map": self.visits.map}}

    def _parameters_below(self) -> None:
        """A data set of ADaM's basic structure: a table for each parameter, and one of what is known of a subject."""
        arm = self.draft.arm
        constant = [c for c in self.file.columns if c.raw != self.unit and is_constant(self.file, self.unit, c.raw)]
        whole = [c for c in constant if c.filled == self.file.rows]
        kept = [arm.column if arm and c.raw == arm.column.raw else c for c in whole]
        subjects = self.draft.table("subjects", self.file.name, key=[])
        subjects.columns = {**self._common(), **{c.name: c for c in kept}}
        self.draft.roster = self.draft.roster or subjects.name
        for column in kept:
            self._parameter(subjects.name, column, column.name, (), constant=True)
        codes, labels, times = (self.file.cells(ADAM[name]) for name in ("code", "label", "visit"))
        value = self.file.column(ADAM["value"])
        # rows that a record of the analysis is: neither other than flagged, nor imputed
        where = {flag: [text] for flag, text in (("ANL01FL", "Y"), ("DTYPE", "")) if self.file.has(flag)}
        named = dict(zip(codes, labels, strict=True))
        assert self.visits
        for code in sorted(named, key=lambda one: -codes.count(one))[:MOST_PARAMETERS]:
            at = {time for one, time in zip(codes, times, strict=True) if one == code}
            scheduled = tuple(v for raw, v in self.visits.map.items() if raw in at)
            visits = {"column": ADAM["visit"], "map": {r: v for r, v in self.visits.map.items() if v in scheduled}}
            table = self.draft.table(code, self.file.name, rows={ADAM["code"]: [code], **where}, visit=visits)
            column = replace(value, name=own_name(code), label=named[code])
            table.columns = {**self._common(), column.name: column}
            self._parameter(table.name, column, column.name, scheduled)

    def _questionnaire(self, match: Match) -> None:
        keys = self._visit_keys() or {"wide": {"once": "*"}}
        labels = self.visits.labels if self.visits else {"once": "once"}
        if not self.visits:
            self.draft.visits |= labels
        if match.coding:
            keys["coding"] = match.coding
        table = self.draft.table(match.name, self.file.name, **self._keys(), **keys)
        if table.name != match.name:
            table.keys = {"schema": match.name, **table.keys}
        table.columns = {**self._common(), **match.columns}
        for score, entry in instrument_of(match.name).scores.items():
            options = {"table": table.name, "instrument": match.name, "score": score}
            name = f"{table.name}_{score}"
            self.draft.parameter(name, entry.label, "score", options, "numbers", visits=tuple(labels))
        coding = f", coding {match.coding}" if match.coding else ""
        self.draft.found.append(f"questionnaire: {match.instrument.title} in {self.file.path.name}{coding}")

    def _forms(self, left: Sequence[ColumnProfile]) -> None:
        """A table for each form of a REDCap project."""
        forms: dict[str, list[ColumnProfile]] = {}
        for column in left:
            form = self.forms.get(column.raw) or self.forms.get(column.raw.partition("___")[0], "")
            if form:
                forms.setdefault(form, []).append(column)
        for form, columns in forms.items():
            self._form(form, columns)

    def _form(self, form: str, columns: Sequence[ColumnProfile]) -> None:
        """A form: its events, whether it repeats, and its status."""
        keys: dict[str, Any] = {}
        events = self.file.cells(EVENT) if self.file.has(EVENT) else []
        repeats = self.file.cells(INSTRUMENT) if self.file.has(INSTRUMENT) else []
        cells = [self.file.cells(column.raw) for column in columns]
        there = [any(text not in BLANK for text in row) for row in zip(*cells, strict=True)]
        repeating = any(one not in BLANK for one, filled in zip(repeats, there, strict=False) if filled)
        if f"{form}_complete" in self.file.extract.columns:
            keys["status"] = f"{form}_complete"
            states = [s for s, filled in zip(self.file.cells(f"{form}_complete"), there, strict=True) if filled]
            if states.count("0") > len(states) / 2:  # nobody marks forms in this project
                keys["status_accepted"] = ["0", "1", "2"]
        if repeats:
            names = sorted({one for one, filled in zip(repeats, there, strict=True) if filled and one} or {""})
            keys["rows"] = {INSTRUMENT: names}
        at = list(dict.fromkeys(e for e, filled in zip(events, there, strict=False) if filled))
        visits = self.visits
        if events and not at:
            return
        if events and (not visits or len(at) == 1):
            keys["rows"] = {**keys.get("rows", {}), EVENT: at}
            visits = None
        elif visits and events:
            keys["visit"] = {"column": EVENT, "map": {raw: v for raw, v in visits.map.items() if raw in at}}
        table = self.draft.table(form, self.file.name, **keys)
        table.columns = {**self._common(), **{column.name: column for column in columns}}
        labels = tuple(keys["visit"]["map"].values()) if "visit" in keys else ()
        if repeating:
            table.columns["instance"] = ColumnProfile(INSTANCE, "instance", "integer", {})
            table.keys["key"] = ["unit_id", *(["visit"] if labels else []), "instance"]
        for column in columns:
            self._parameter(table.name, column, column.name, labels, repeated=repeating)

    def _rest(self, left: Sequence[ColumnProfile]) -> None:
        """One table of all columns that are no known questionnaire."""
        below = self.visits and not self.visits.wide
        keys = {**self._keys(), **(self._visit_keys() if below else {})}
        table = self.draft.table(self.file.name, self.file.name, **keys)
        table.columns = {**self._common(), **{column.name: column for column in left}}
        if self.once:
            self.draft.roster = self.draft.roster or table.name
        day = None if self.once or below else self._day(left)
        if not self.once and not below:
            table.keys["key"] = ["unit_id", day.name] if day else []
        labels = tuple(self.visits.labels) if below and self.visits else ()
        for column in left:
            if column is day:
                continue
            constant = not self.once and is_constant(self.file, self.unit, column.raw)
            if below and self._several() and self.visits and is_constant(self.file, self.visits.column, column.raw):
                self.draft.unused[column.raw] = "says which visit it is"
                continue
            if below and column.is_number and named(column, f"{VISITS}|sequence"):
                self.draft.unused[column.raw] = "a number of visits"
                continue
            repeated = not self.once and not below
            self._parameter(table.name, column, column.name, () if constant else labels, constant, repeated)

    def _day(self, left: Sequence[ColumnProfile]) -> ColumnProfile | None:
        """The column that tells the rows of a unit apart."""
        for column in sorted(left, key=lambda one: not named(one, DAYS)):
            if column.filled == self.file.rows and is_unique(self.file, [self.unit, column.raw]):
                return column
        return None

    def _beside(self, stems: Mapping[str, Sequence[ColumnProfile]]) -> None:
        """One table of the quantities whose visits stand side by side."""
        assert self.visits
        name = "visits" if len(self.draft.files) == 1 else f"{self.file.name}_visits"
        table = self.draft.table(name, self.file.name, **self._keys(), **self._visit_keys())
        table.columns = self._common()
        names: dict[str, None] = {}
        for stem, of in stems.items():
            name = own_name(stem, names)
            names[name] = None
            table.columns[name] = column = merged(stem, name, of)
            at = tuple(v for v, pattern in self.visits.wide.items() if pattern.replace("*", stem) in self._raws(of))
            self._parameter(table.name, column, name, at)

    @staticmethod
    def _raws(columns: Sequence[ColumnProfile]) -> set[str]:
        return {column.raw for column in columns}

    def _parameter(
        self,
        table: str,
        column: ColumnProfile,
        name: str,
        visits: tuple[str, ...],
        constant: bool = False,
        repeated: bool = False,
    ) -> None:
        """The parameter of a column; none of a text that is no category, of a date, and of one without values."""
        options: dict[str, object] = {"table": table, "column": name}
        arm = self.draft.arm
        is_arm = arm is not None and (arm.file, arm.column.raw) == (self.file.name, column.raw)
        if why := self._why_unused(column, is_arm):
            self.draft.unused[column.raw] = why
            return
        if not visits and {*column.texts} == NUMBERED and column.is_number and EVENT_NAMES.fullmatch(column.name):
            column = replace(column, kind="category")
            self.draft.tables[-1].columns[name] = column
        holds: Holds = "yes or no" if column.is_yes_or_no else "numbers" if column.is_number else "categories"
        if is_arm:
            options["group"], holds = True, "categories"
        if repeated and not constant and holds == "categories":
            self._counted(column, name, options)
            return
        derive = "same" if constant else "mean" if repeated else "column"
        known = named(column, f"{FACTS}|{ARMS}")
        once = not visits and not repeated and (known or (self.visits is not None and bool(self.visits.wide)))
        told = not known and not is_arm and len(column.texts) == 2 and holds == "categories"
        told = told and (named(column, OUTCOMES) or {*column.texts} == NUMBERED)
        fact = is_arm or constant or (once and not told) or (holds == "categories" and not told)
        self.draft.parameter(
            name,
            _label(column),
            derive,
            options,
            holds,
            visits=visits,
            is_fact=fact and not visits,
            raw=column.raw,
            decimals=decimals_of(column) if holds == "numbers" else 1,
        )
        outcome = holds == "categories" and column.raw != self.draft.treatment
        if (visits or told) and not constant and outcome and len(column.texts) == 2:
            self._yes_or_no(column, visits)

    def _why_unused(self, column: ColumnProfile, is_arm: bool) -> str:
        """Why no parameter is made of a column; "" where one is."""
        if is_of_the_survey(self.file, column.raw):
            return "written by the program of the survey"
        if not column.texts:
            return "blank"
        if column.kind == "date" or (column.kind == "text" and not is_arm and not self._is_id(column)):
            return column.kind
        return "the same within each group" if self._tells_the_arm(column) else ""

    def _counted(self, column: ColumnProfile, name: str, options: dict[str, object]) -> None:
        """Of yes and no in several rows of a unit, how many say yes."""
        yes = [text for text in column.texts if text.lower() in YES]
        if len(column.texts) != 2 or not yes:
            self.draft.unused[column.raw] = "several texts of one unit"
            return
        options["where"] = {name: column.codes.get(yes[0], yes[0])}
        self.draft.parameter(name, f"{_label(column)}, rows with {yes[0]}", "count", options, "numbers")

    def _yes_or_no(self, column: ColumnProfile, visits: tuple[str, ...]) -> None:
        """Of an outcome in two categories, whether it is one of them: that which is wanted, or else the first."""
        found = [column.codes.get(text, text) for text in sorted(column.texts)]
        wanted = next((word for word in found if re.match(WANTED, word, re.IGNORECASE)), found[0])
        wanted = found[-1] if {*column.texts} == NUMBERED and not column.codes else wanted
        of = list(self.draft.parameters)[-1]
        options = {"calculate": f"{of} == {json.dumps(wanted, ensure_ascii=False)}"}
        label = f"{_label(column)}: {wanted}"
        raw = "" if visits else column.raw
        self.draft.parameter(f"{of}_{wanted}", label, "calculated", options, "yes or no", visits=visits, raw=raw)

    def _tells_the_arm(self, column: ColumnProfile) -> bool:
        """Whether a column has one value in each arm, of three cells and more, and so is no outcome of it."""
        arm = self.draft.arm
        if not arm or arm.file != self.file.name or arm.column.raw == column.raw or len(column.texts) < 2:
            return False
        if not self.file.has(column.raw):  # of visits side by side
            return False
        cells = zip(self.file.cells(arm.column.raw), self.file.cells(column.raw), strict=True)
        filled = Counter(group for group, text in cells if text in column.texts)
        return min(filled[text] for text in arm.column.texts) >= 3 and is_constant(
            self.file, arm.column.raw, column.raw
        )

    def _is_id(self, column: ColumnProfile) -> bool:
        """Whether a text names what a unit belongs to: a litter, a site."""
        if column.raw == self.draft.cluster_column:
            return True
        return named(column, FACTS) and 1 < len(column.texts) < self.file.rows and not self.visits


def visits_in_order(draft: Draft) -> Iterator[tuple[str, str]]:
    """The visits with their labels, the baseline first."""
    if draft.baseline:
        yield draft.baseline, draft.visits[draft.baseline]
    yield from ((name, label) for name, label in draft.visits.items() if name != draft.baseline)
