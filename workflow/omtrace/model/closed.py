"""Closed models: unknown keys are refused, with the nearest known one, and every complaint is one line.

Complaints speak of what stands in a YAML file (a text, a list, a mapping), not of Python or pydantic.
"""

import re
from collections.abc import Sequence
from datetime import date
from types import UnionType
from typing import Annotated, Any, NotRequired, TypedDict, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from omtrace.faults import Fault, nearest

Model = TypeVar("Model", bound=BaseModel)
PluginOptions = dict[str, Any]  # of a plan; the plug-in's own model checks and types them
Way = Sequence[str | int]  # of a complaint of pydantic: keys and positions, and the kind of value that it tried
NAME = re.compile(r"^[a-z][a-z0-9_]*\Z")
CHARACTERS = 40  # of a value in a complaint
# What is needed, by the type of pydantic's error.
NEEDED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "date_type": "a day such as 2024-05-31",
    "date_parsing": "a day such as 2024-05-31",
    "date_from_datetime_parsing": "a day such as 2024-05-31",
    "date_from_datetime_inexact": "a day such as 2024-05-31",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "literal_error": "{expected}",
}
# What is wrong with a value of the right kind.
WRONG = {
    "missing": "missing; there is no default",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "may have at most {max_length} characters",
    "too_short": "needs at least {min_length} entries, not {actual_length}",
    "too_long": "may have at most {max_length} entries, not {actual_length}",
    "string_pattern_mismatch": "{value!r} does not have the form {pattern}",
    "invalid_key": "a key is a text",
    "value_error": "{error}",
}
NAME_FORM = "must be lower case letters, digits and underscores, the first one a letter"


class Detail(TypedDict):
    """What pydantic says of one value."""

    type: str
    loc: tuple[int | str, ...]
    msg: str
    input: Any
    ctx: NotRequired[dict[str, Any]]


class Closed(BaseModel):
    """A model that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


def complaints(error: ValidationError, where: str, model: type[BaseModel]) -> list[str]:
    """A pydantic error as one readable line a finding.

    Of a key that takes several kinds of value, what each of them would need is one finding.
    """
    details: dict[tuple[str, ...], list[Detail]] = {}
    for item in error.errors():
        details.setdefault(_place(model, item["loc"]), []).append(item)
    lines = []
    for place, items in details.items():
        # A list where a text or a list may stand: what is wrong within it, not that it is no text.
        if any(len(other) > len(place) and other[: len(place)] == place for other in details):
            items = [item for item in items if item["type"] not in NEEDED]
        lines += [": ".join(filter(None, (where, ".".join(place), text))) for text in _texts(model, items)]
    return lines


def _texts(model: type[BaseModel], items: Sequence[Detail]) -> list[str]:
    """What is wrong at one place."""
    needed = [item for item in items if item["type"] in NEEDED]
    texts = [text for item in items if item not in needed for text in _wrong(item, model).split("\n")]
    if not needed:
        return texts
    kinds = dict.fromkeys(_title(model, item) or NEEDED[item["type"]].format(**item.get("ctx", {})) for item in needed)
    value, key = needed[0]["input"], needed[0]["loc"][-1:] == ("[key]",)
    what = "a text is needed as key" if key else f"{' or '.join(kinds)} is needed"
    quotes = "; write it in quotes" if "a text" in kinds and isinstance(value, int | float | date | None) else ""
    return [*texts, f"{what}, not {_shown(value)}{quotes}"]


def _wrong(item: Detail, model: type[BaseModel]) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key" + nearest(str(item["loc"][-1]), _keys_at(model, item["loc"][:-1]))
    if kind == "string_pattern_mismatch" and context["pattern"] == NAME.pattern.replace(r"\Z", "$"):
        return f"{_shown(item['input'])} {NAME_FORM}"
    if kind not in WRONG:
        return str(item["msg"])
    return WRONG[kind].format(**{"value": item["input"], **context})


def _shown(value: object) -> str:
    """A value as it is called in YAML."""
    if value is None:
        return "nothing (as ~ and null are read)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, date):
        return f"the day {value}"
    if isinstance(value, str):
        return f"{value[:CHARACTERS]!r}" + "…" * (len(value) > CHARACTERS)
    return "a mapping" if isinstance(value, dict) else "a list"


def _place(model: object, way: Way) -> tuple[str, ...]:
    """The keys and positions of an error, without what pydantic adds: which kind of value it tried, and ``[key]``."""
    return tuple(str(part) for part, _ in _steps(model, way) if part is not None)


def _steps(kind: object, way: Way) -> list[tuple[str | int | None, object]]:
    """Each part of an error's way (None: no part of the document) with the kind of value that stands there."""
    steps: list[tuple[str | int | None, object]] = []
    for part in way:
        members = _members(kind)
        if part == "[key]":
            kind = str
            steps.append((None, kind))
        elif len(members) > 1:
            kind = next((member for member in members if _tag(part) == _tag(_called(member))), object)
            steps.append((None, kind))
        else:
            kind = _within(members[0], part)
            steps.append((part, kind))
    return steps


def _members(kind: object) -> list[object]:
    """The kinds of value that a kind stands for; nothing (None) aside."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [member for part in get_args(kind) if part is not type(None) for member in _members(part)]
    return [kind]


def _called(kind: object) -> str:
    return str(getattr(get_origin(kind) or kind, "__name__", kind))


def _tag(text: object) -> str:
    return str(text).partition("[")[0].lower()


def _within(kind: object, part: str | int) -> object:
    """The kind of value at a key or position."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {field.alias or name: field for name, field in kind.model_fields.items()}
        return fields[str(part)].annotation if part in fields else object
    inner = [part for part in get_args(kind) if part is not Ellipsis]
    return inner[-1] if inner and get_origin(kind) in (dict, list, tuple) else object


def _at(model: object, way: Way) -> object:
    steps = _steps(model, way)
    return _members(steps[-1][1] if steps else model)[0]


def _keys_at(model: object, way: Way) -> list[str]:
    """The keys that the model allows at a place of the document."""
    return [field.alias or name for name, field in getattr(_at(model, way), "model_fields", {}).items()]


def _title(model: object, item: Detail) -> str:
    """What a key takes, where its field has words of its own for it."""
    *way, name = item["loc"] or ("",)
    field = getattr(_at(model, way), "model_fields", {}).get(name)
    return (field.title or "") if field else ""


def checked(model: type[Model], content: object, where: str) -> Model:
    """The content as a model. Raises Fault with every complaint."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise Fault(*complaints(error, where, model)) from None
