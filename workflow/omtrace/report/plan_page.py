"""The plan as a page, docs/plan.md: every key, and every module that a plan may name, with its options."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from omtrace.model.closed import Closed
from omtrace.model.plan import USUAL, Exploratory, Plan
from omtrace.plugins import declared

RAW = "raw"
OWN = "own"
# Which names a key takes. Every key of a table's entry stands here or in NAMELESS; a test holds the two against it.
NAMES = {
    "TablePlan.columns": f"{OWN} -> {RAW}",
    "TablePlan.recode": f"{OWN} -> {RAW} text -> value",
    "TablePlan.visit": RAW,
    "TablePlan.missing_codes": f"{RAW} text",
    "TablePlan.structural_zeros": f"{RAW} text",
    "TablePlan.formats": OWN,
    "TablePlan.bounds": OWN,
    "TablePlan.values": OWN,
    "TablePlan.repairs": RAW,
    "TablePlan.identifiers": RAW,
    "TablePlan.rows": f"{RAW} -> {RAW} texts",
    "TablePlan.unit": RAW,
    "TablePlan.joined": f"{OWN} -> {RAW}",
    "TablePlan.skip_blank": RAW,
    "TablePlan.status": RAW,
    "TablePlan.status_accepted": f"{RAW} texts",
    "TablePlan.mapping": f"file: column {OWN}, source and code {RAW}",
    "TablePlan.columns_from": f"file: name {OWN}, rawColumn and codes {RAW}",
    "TablePlan.coding": "the questionnaire's name of the coding",
    "TablePlan.wide": f"visit -> {RAW}",
    "TablePlan.key": OWN,
    "TablePlan.rules": f"rule -> expression over {OWN}",
    "ColumnPlan.source": RAW,
    "ColumnPlan.codes": f"{RAW} text -> label",
    "ColumnPlan.values": f"{RAW} texts",
    "ColumnPlan.references": f"table.{OWN}",
    "RulePlan.check": OWN,
    "SourcePlan.columns": f"{OWN} -> {RAW}",
    "SourcePlan.unit": RAW,
    "SourcePlan.status": RAW,
    "SourcePlan.status_accepted": f"{RAW} texts",
    "SourcePlan.skip_blank": RAW,
    "SourcePlan.missing_codes": f"{RAW} text",
    "SourcePlan.formats": OWN,
    "SourcePlan.identifiers": RAW,
    "VisitColumn.column": RAW,
    "VisitColumn.map": f"{RAW} text -> visit",
    "Repair.column": RAW,
    "Repair.when": f"{RAW} -> {RAW} text",
    "Repair.becomes": f"{RAW} text",
    "Roster.column": OWN,
    "Plan.missing_codes": f"{RAW} text",
}
NAMELESS = ("source", "reader", "options", "schema_", "row", "visits", "unit_pattern", "zone")  # of a table's entry
# What keys mean whose models do not say so; a description in the model comes first.
MEANS = {
    "Plan.study": "name of the study; the same as the file's",
    "Plan.title": "title of the report",
    "Plan.kind": "what the data are; printed with every number",
    "Plan.design": "the design in a few sentences, printed in the report",
    "Plan.tables": "table -> where it comes from and how it is read",
    "Plan.datasets": "dataset -> its units and parameters",
    "Plan.analyses": "analysis -> what is computed",
    "Plan.figures": "figure -> what is drawn",
    "Population.label": "name in tables and figures",
    "Roster.table": "table of the plan that lists the units",
    "Roster.column": "its column that names the unit",
    "DatasetPlan.roster": "where the enrolled units are listed",
    "DatasetPlan.parameters": "parameter -> how it is derived; in this order",
    "Analysis.title": "title of its table in the report",
    "FigurePlan.title": "title in the report",
    "FigurePlan.options": "what the figure needs",
}
PARTS = (
    ("readers", "READER", "Readers", "Named by `reader` of a table; the options stand under its `options`."),
    ("validation.crosschecks", "CROSSCHECK", "Checks", "Named by `check`. Columns are called by their own names."),
    (
        "derivations",
        "DERIVATION",
        "Derivations",
        "Named by `derive` of a parameter; columns by their own names.",
    ),
    ("analyses", "METHOD", "Methods", "Named by `method` of an analysis."),
    ("figures", "FIGURE", "Figures", "Named by `figure` of a figure."),
)
# Parts whose modules a model of the plan names, by which key, and where entries of the model stand in the plan.
NAMED = (
    ("readers", "READER", "TablePlan", "reader", "tables.*"),
    ("validation.crosschecks", "CROSSCHECK", "CheckPlan", "check", "checks.*"),
    ("derivations", "DERIVATION", "Parameter", "derive", "datasets.*.parameters.*"),
    ("analyses", "METHOD", "Analysis", "method", "analyses.*"),
    ("figures", "FIGURE", "FigurePlan", "figure", "figures.*"),
)
BLANKS = {" ": "a space", "\t": "a tab"}
HEAD = """\
# The plan, key by key

<!-- Made from the declarations by `omtrace plan > docs/plan.md`; edits here are lost. -->

The plan of a study is `config/studies/<study>.yaml`; [new_study.md](new_study.md) shows how one comes about. A key that
is not listed here is refused, with the nearest one that is. **required** stands where there is no default.

Columns have two names. The **raw** name stands in the export as its reader gives it: for a label export that is read
back by a dictionary, the variable's name; for JSON lines, the dotted path. The **own** name is the one that the table
declares. Where the column *names* says raw or own, that one is meant; checks, derivations and all that follows know
own names alone. A raw text is what the cell says before anything is recoded. A text that looks like a number, a day,
`true` or `null` needs quotes; words that YAML reads as something else than they say (`no`, `on`, `12:30`, `010`) are
refused until they have them.

A table is one of the library, a questionnaire, or the plan's own: then `columns` says the type of each column, its
unit, bounds and codes. With `schema`, such columns stand beside those of the library's table. What tables of one export
share stands once under `sources`; what plans share, in the file that `extends` names: mappings are joined, the plan's
own entries win. A key or an entry of a list such as `hit6_<1-6>` stands for six, with the number for each `<>` in its
value: `hit6_<1-6>: q<>`; `pt_<neck_pain|fatigue>` stands for two, with the word for `<>` and `Neck pain` for `<Words>`.
What all entries of one derivation, check, method or figure have in common stands once under `shared`; an entry's own
keys, and those of its `options`, win.

Conditions and calculations (`where` of a population, `when` of a fact, `rules` of a table, `calculate` of a parameter)
are one language, which looks like Python and never runs as Python: numbers, texts in quotes, names; `< <= > >= == !=`,
also in a chain (`18 <= age <= 60`); `in` and `not in` a list (`arm in ["OMT", "sham"]`); `and`, `or`, `not`;
`a if condition else b`; `+ - * / **`; a date minus a date is a number of days, and a text beside a date is a day
(`started_on >= "2024-05-31"`); the functions `abs round floor sqrt exp log log2 log10 min max sum mean`, `missing(x)`,
`first(x, y)` (the first that is not missing), `answered(x, y)` (how many are not) and `date(text)`. Kinds are checked
before there are data. What is computed of something missing is missing, and so is a division by 0; a rule holds where
it cannot be told.

Each entry of `families` becomes an analysis of its name (method `family`); an analysis with sensitivity analyses gets
`<analysis>_concordance`. What is run beside a plan that is settled goes into `config/studies/<study>/exploratory.yaml`:
it cannot change the plan, and everything in it is labelled exploratory.
"""


def plan_page() -> str:
    """The reference as Markdown: the plan's models, the modules of each part, questionnaires, tables."""
    lines = [HEAD, *_models()]
    for part, declares, title, says in PARTS:
        lines += [f"## {title}\n", says + "\n", *_modules(part, declares)]
    return "\n".join([*lines, *_instruments(), *_schemas()]) + "\n"


def plan_schema() -> str:
    """A plan as JSON Schema (draft 2020-12), with the options of each module named by a part: for editors."""
    schema = Plan.model_json_schema(by_alias=True)
    definitions, complete = schema["$defs"], []
    for part, declares, model, key, place in NAMED:
        rules, needs = [], defaultdict(list)
        for name, module in modules(part, declares).items():
            options = getattr(module, declares).options.model_json_schema(by_alias=True)
            inner = options.pop("$defs", {})
            if required := options.pop("required", ()):
                needs[tuple(required)].append(name)
            definitions |= {
                f"{part}.{name}.{one}": _moved(schema_of_model, part, name) for one, schema_of_model in inner.items()
            }
            definitions[f"{part}.{name}"] = _moved(options, part, name)
            fits = {"properties": {"options": {"$ref": f"#/$defs/{part}.{name}"}}}
            rules.append({"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": fits})
        definitions[model]["properties"][key]["enum"] = list(modules(part, declares))
        definitions[model]["allOf"] = rules
        for required, names in needs.items():
            called = {"properties": {key: {"enum": names}}, "required": [key]}
            given = {"properties": {"options": {"required": list(required)}}, "required": ["options"]}
            complete.append(_at(place, {"if": called, "then": given}))
    # A required option may stand under ``shared`` or in the plan that is extended; ``omtrace plan`` tells then.
    elsewhere = {"anyOf": [{"required": ["shared"]}, {"required": ["extends"]}]}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    whole = {**head, **schema, "if": elsewhere, "else": {"allOf": complete}}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _at(place: str, schema: dict[str, object]) -> dict[str, object]:
    """The schema of a plan in which what stands at a dotted place (``*`` for any name) fits a schema."""
    for name in reversed(place.split(".")):
        schema = {"additionalProperties": schema} if name == "*" else {"properties": {name: schema}}
    return schema


def _moved(schema: object, part: str, name: str) -> object:
    """A module's schema whose references point at its own definitions within the whole one."""
    if isinstance(schema, dict):
        return {
            key: value.replace("#/$defs/", f"#/$defs/{part}.{name}.") if key == "$ref" else _moved(value, part, name)
            for key, value in schema.items()
        }
    return [_moved(value, part, name) for value in schema] if isinstance(schema, list) else schema


def modules(part: str, declares: str) -> dict[str, ModuleType]:
    """Name -> module of a part, of the modules that declare its object."""
    found = {name: import_module(f"omtrace.{part}.{name}") for name in declared(part)}
    return {name: module for name, module in found.items() if hasattr(module, declares)}


@cache
def models() -> tuple[tuple[str, type[Closed]], ...]:
    """The models of the plan with where each stands in it, the plan itself first, each model once."""
    found: dict[type[Closed], str] = {Plan: "", Exploratory: "exploratory.yaml"}
    queue: list[type[Closed]] = [Plan, Exploratory]
    for model in queue:
        for name, field in model.model_fields.items():
            for inner, path in _inner(field.annotation, ".".join(filter(None, [found[model], field.alias or name]))):
                if inner not in found:
                    found[inner] = path
                    queue.append(inner)
    return tuple((path, model) for model, path in found.items())


def means(model: type[Closed], name: str) -> str:
    """What a key means; "" where nothing says so."""
    return model.model_fields[name].description or MEANS.get(f"{model.__name__}.{name}", "")


def within(annotation: object) -> list[type[Closed]]:
    """The models within an annotation."""
    return [model for model, _ in _inner(annotation, "")]


def _inner(annotation: object, path: str) -> Iterator[tuple[type[Closed], str]]:
    """The models within an annotation, and where they stand; ``*`` is a name that the plan gives."""
    if isinstance(annotation, type) and issubclass(annotation, Closed):
        yield annotation, path
    for part in get_args(annotation):
        if not isinstance(part, str):
            yield from _inner(part, path + ".*" * (get_origin(annotation) is dict))


def _models() -> Iterator[str]:
    for path, model in models():
        yield f"## {_title(path) or 'The whole plan'}\n\n{_first(model.__doc__)}\n"
        yield from _table(model, names=True)


def _title(path: str) -> str:
    return f"`{path.replace('.*', '.<name>')}`" if path else ""


def _modules(part: str, declares: str) -> Iterator[str]:
    for name, module in modules(part, declares).items():
        declared = getattr(module, declares)
        yield f"### `{name}`\n\n{_first(module.__doc__)}\n"
        if part == "validation.crosschecks" and name in USUAL:
            yield "Runs on every study; an entry in the plan changes its options.\n"
        if not declared.options.model_fields:
            yield "No options.\n"
            continue
        yield from _table(declared.options)
        seen = dict.fromkeys(i for f in declared.options.model_fields.values() for i in within(f.annotation))
        for model in seen:
            yield f"`{model.__name__}`: {_first(model.__doc__)}\n"
            yield from _table(model)


def _table(model: type[Closed], names: bool = False) -> Iterator[str]:
    """A Markdown table of a model's keys."""
    heads = ["key", "type", "default", *["names"] * names, "meaning"]
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for name, field in model.model_fields.items():
        told = [NAMES.get(f"{model.__name__}.{name}", "")] if names else []
        meaning = means(model, name).replace("<", "&lt;").replace("*", "\\*")
        cells = [f"`{field.alias or name}`", _kind(field.annotation), _default(field), *told, meaning]
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    yield ""


def _kind(annotation: object) -> str:
    """A type in words."""
    plain = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        object: "anything",
        Any: "anything",
    }
    origin, parts = get_origin(annotation), [p for p in get_args(annotation) if p is not type(None)]
    if annotation in plain:
        return plain[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Closed):
        within = {model: _title(path) for path, model in models()}
        return f"keys of {within.get(annotation, f'`{annotation.__name__}`')}"
    if origin is Literal:
        return "one of " + ", ".join(BLANKS.get(part, f"`{part}`") for part in parts if part != "")
    if origin is Annotated:
        return _kind(parts[0])
    if origin in (Union, UnionType):
        return " or ".join(map(_kind, parts))
    if origin is dict:
        return f"map: {_kind(parts[0])} -> {_kind(parts[1])}"
    if Ellipsis in parts:
        return f"list: {_kind(parts[0])}"
    return f"list of {len(parts)}: {', '.join(map(_kind, parts))}"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"`{shown}`"


def _instruments() -> Iterator[str]:
    yield "## Questionnaires\n"
    yield (
        "A table whose `schema` (or own name) is one of these has one row a participant and visit. `coding` says how "
        "the export writes the answers, where it is not by the item's own codes; a bold one must be declared. Scores "
        "are named by the derivation `score`.\n"
    )
    yield "| questionnaire | what it is | items | own codes | codings | scores |\n| --- | --- | --- | --- | --- | --- |"
    for name, module in modules("instruments", "INSTRUMENT").items():
        one = module.INSTRUMENT
        codes = dict.fromkeys(f"{i.minimum:g} to {i.maximum:g} ({i.unit})" for i in one.items)
        codings = _codes(one.codings) and ("**one of** " * one.must_declare + _codes(one.codings))
        span = _codes(dict.fromkeys((one.items[0].name, one.items[-1].name)), " to ") if one.items else ""
        cells = [
            f"`{name}`",
            _first(module.__doc__),
            f"{len(one.items)}: {span}",
            "; ".join(codes),
            codings,
            _codes(one.scores),
        ]
        yield "| " + " | ".join(_cell(cell) for cell in cells) + " |"
    yield ""


def _schemas() -> Iterator[str]:
    yield "## Tables\n"
    yield f"Declared besides the questionnaires: {_codes(declared('schemas'))}.\n"
    yield (
        "The data dictionary shows their columns, types, bounds and rules: `omtrace dictionary` writes all "
        "of them to the folder `dictionary/`, `omtrace dictionary STUDY` those of a study. Another table is declared "
        "by its `columns` in the plan; one that many studies share, by a module in `workflow/omtrace/schemas/`."
    )


def _codes(names: Iterable[str], between: str = ", ") -> str:
    return between.join(f"`{name}`" for name in names)


def _first(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").strip().partition("\n")[0]


def _cell(text: str) -> str:
    """A text as a cell of a Markdown table."""
    return text.replace("|", "\\|")
