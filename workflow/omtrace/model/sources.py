"""What several tables, or several plans, share is said once: ``sources``, ``extends``, and keys that stand for many."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from omtrace.faults import Fault, nearest
from omtrace.model.closed import Closed, PluginOptions
from omtrace.model.document import read_document
from omtrace.model.folders import base_of
from omtrace.model.lines import with_lines
from omtrace.model.slices import TABLES
from omtrace.model.tables import Format, VisitColumn

# hit6_<1-6>, msq_<restrictive|preventive>
MANY = re.compile(r"([A-Za-z][A-Za-z0-9_]*)<(?:(\d+)-(\d+)|([a-z0-9_]+(?:\|[a-z0-9_]+)+))>([A-Za-z0-9_]*)")
Sharing = Literal["checks", "parameters", "analyses", "figures"]
SHARING = {"checks": "check", "parameters": "derive", "analyses": "method", "figures": "figure"}  # -> the module
MOST = 500  # keys that one key stands for


class SourcePlan(Closed):
    """How the exports of one kind are read; the tables that name it as their source take this over."""

    table: Annotated[str, TABLES] = Field("", description="table name in the register; default: the source's own name")
    reader: Annotated[str, TABLES] = Field(description="module in readers/")
    options: Annotated[PluginOptions, TABLES] = Field(default_factory=dict, description="options of the reader")
    columns: dict[str, str] = Field(
        default_factory=dict, description="column that each of its tables has -> raw column, such as unit_id: record_id"
    )
    unit: tuple[str, ...] = Field((), description="raw columns joined by / to unit_id, as in a table")
    unit_pattern: Annotated[str, TABLES] = Field("", description="regular expression of the unit, as in a table")
    visit: VisitColumn | None = Field(None, description="the column that names the visit, and the events of all tables")
    status: Annotated[str, TABLES] = Field(
        "", description="raw column with the form status; {table} stands for the table's name"
    )
    status_accepted: Annotated[tuple[str, ...], TABLES] = Field(
        ("1", "2"), description="form states whose values are used"
    )
    skip_blank: Annotated[str | tuple[str, ...], TABLES] = Field(
        "", description="raw column, or several; rows where all of them are blank are out of scope"
    )
    missing_codes: Annotated[dict[str, str] | None, TABLES] = Field(
        None, description="raw code -> what it says, in place of the study's missing_codes; none: the study's"
    )
    formats: Annotated[dict[str, Format], TABLES] = Field(
        default_factory=dict, description="table column, or * for all others -> how it is written"
    )
    zone: Annotated[str, TABLES] = Field("", description="zone of the site, as in a table")
    identifiers: Annotated[dict[str, str], TABLES] = Field(
        default_factory=dict, description="raw column -> why it is no direct identifier, though it looks like one"
    )


def with_shared(content: object) -> object:
    """A plan's content in which each entry says itself what ``shared`` says of its module.

    What the entry says wins; of its mappings, such as options, each key. Raises ValueError for a module that no entry
    of the section names.
    """
    if not isinstance(content, dict) or not isinstance(content.get("shared"), dict):
        return content
    shared, made = content["shared"], dict(content)
    for section in SHARING.keys() & shared.keys() & made.keys():
        made[section] = _sharing(section, shared[section], [made[section]])[0]
    if "parameters" in shared and isinstance(made.get("datasets"), dict):
        sets = {name: entry for name, entry in made["datasets"].items() if isinstance(entry, dict)}
        given = _sharing("parameters", shared["parameters"], [entry.get("parameters") for entry in sets.values()])
        joined = zip(sets.items(), given, strict=True)
        made["datasets"] = made["datasets"] | {name: entry | {"parameters": own} for (name, entry), own in joined}
    return made


def _sharing(section: str, shared: object, parts: list[object]) -> list[object]:
    """Parts of a section with what its modules share."""
    key = SHARING[section]
    entries = [entry for part in parts if isinstance(part, dict) for entry in part.values() if isinstance(entry, dict)]
    used = {str(entry.get(key)) for entry in entries}
    if unused := [name for name in shared if name not in used] if isinstance(shared, dict) else []:
        raise ValueError(f"shared.{section}: no entry of the plan names {unused[0]!r}{nearest(str(unused[0]), used)}")
    if not isinstance(shared, dict):
        return parts
    return [
        {n: _over(shared.get(entry.get(key)), entry) if isinstance(entry, dict) else entry for n, entry in part.items()}
        if isinstance(part, dict)
        else part
        for part in parts
    ]


def _over(shared: object, entry: dict[object, object]) -> dict[object, object]:
    """An entry with what is shared below it."""
    if not isinstance(shared, dict):
        return entry
    joined = {
        key: deepcopy(value) | own
        for key, value in shared.items()
        if isinstance(value, dict) and isinstance(own := entry.get(key), dict)
    }
    return deepcopy(shared) | entry | joined


def with_sources(content: object) -> object:
    """A plan's content in which each table says itself what its source says.

    What the table says wins; mappings are joined. ``visits`` of a table are those of the source's map that it has.
    Content that has not the form of a plan is left to the model, which says what is wrong with it.
    """
    if not isinstance(content, dict) or not isinstance(tables := content.get("tables"), dict):
        return content
    sources = content.get("sources")
    sources = sources if isinstance(sources, dict) else {}
    return content | {"tables": {name: _taken_over(name, entry, sources) for name, entry in tables.items()}}


def _taken_over(name: object, entry: object, sources: Mapping[str, object]) -> object:
    """A table's entry with what its source says."""
    if not isinstance(entry, dict):
        return entry
    own = dict(entry)
    source = sources.get(own.get("source") or "")
    if isinstance(source, dict):
        shared = deepcopy(source)
        own["source"] = shared.pop("table", "") or own["source"]
        if isinstance(shared.get("status"), str):
            shared["status"] = shared["status"].replace("{table}", str(name))
        for key, value in shared.items():
            mine = own.get(key)
            joins = isinstance(value, dict) and isinstance(mine, dict) and key != "visit"
            own[key] = value | mine if joins else own.get(key, value)
    visits, visit = own.get("visits"), own.get("visit")
    if visits and isinstance(visit, dict) and isinstance(visit.get("map"), dict):
        unknown = [one for one in visits if one not in visit["map"].values()]
        if unknown:
            hint = nearest(str(unknown[0]), list(visit["map"].values()))
            raise ValueError(f"tables.{name}.visits: {unknown[0]!r} is no visit of the map{hint}")
        own["visit"] = visit | {"map": {raw: one for raw, one in visit["map"].items() if one in visits}}
        del own["visits"]
    return own


def with_base(content: object, path: Path) -> object:
    """A plan's content joined to that of the file that it extends; what the plan says wins, lists are taken whole.

    Raises
    ------
    Fault
        For a file that is missing, or extends another itself.
    """
    if not isinstance(content, dict) or "extends" not in content:
        return content
    base = base_of(path)
    if base is None:
        raise with_lines([f"{path}: extends: the name of a file is needed"], str(path), path)
    if not base.is_file():
        raise with_lines([f"{path}: extends: {base}: there is no such file"], str(path), path)
    shared = read_document(base)
    if not isinstance(shared, dict):
        raise Fault(f"{base}: a mapping of a plan's keys is needed")
    if "extends" in shared:
        raise Fault(f"{base}: extends: a plan that is extended extends no other itself")
    return _joined(shared, {key: value for key, value in content.items() if key != "extends"})


def _joined(shared: dict[object, object], own: dict[object, object]) -> dict[object, object]:
    """Two mappings as one, and the mappings in them."""
    made = dict(shared)
    for key, value in own.items():
        before = made.get(key)
        made[key] = _joined(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return made


def written_out(content: object) -> object:
    """Content in which ``hit6_<1-6>: {label: item <>}`` stands as six entries, in order; likewise entries of lists.

    ``pt_<neck_pain|fatigue>`` stands for two; in their values ``<Words>`` is Neck pain, and Fatigue.
    """
    if isinstance(content, dict):
        made: dict[object, object] = {}
        for key, value in content.items():
            for name, number in _names(key):
                if name in made:
                    raise ValueError(f"{key}: {name!r} stands twice")
                made[name] = written_out(_filled(value, number) if number else value)
        return made
    if isinstance(content, list):
        return [name if number else written_out(entry) for entry in content for name, number in _names(entry)]
    return content


def _names(key: object) -> Iterator[tuple[object, str]]:
    """The names that a key or entry stands for, each with its number or word; itself, without one."""
    many = MANY.fullmatch(key) if isinstance(key, str) else None
    if not many:
        yield key, ""
        return
    if many[4]:
        yield from ((f"{many[1]}{word}{many[5]}", word) for word in many[4].split("|"))
        return
    first, last = int(many[2]), int(many[3])
    if not first <= last < first + MOST:
        raise ValueError(f"{key}: from a lower to a higher number, {MOST} at most")
    for number in range(first, last + 1):
        yield f"{many[1]}{number}{many[5]}", str(number)


def _filled(value: object, number: str) -> object:
    """A value with the number or word in place of each ``<>``, and as words of a text in place of ``<Words>``."""
    if isinstance(value, str):
        words = number.replace("_", " ")
        return value.replace("<>", number).replace("<Words>", words[:1].upper() + words[1:])
    if isinstance(value, list):
        return [_filled(entry, number) for entry in value]
    if isinstance(value, dict):
        return {_filled(key, number): _filled(entry, number) for key, entry in value.items()}
    return value
