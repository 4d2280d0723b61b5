"""The part of a plan that a stage of the workflow may read.

A field of the plan's models says, with ``ReadBy``, which stages read it; a field that says nothing is read by all that
read what it stands in. ``slice_of`` gives a plan in which everything else is absent: reading it raises AttributeError.
So what a stage's result depends on is neither listed by hand elsewhere nor can it be read past the list.
"""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

Stage = Literal["read", "validate", "derive", "analyse", "plates", "render"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ReadBy:
    """The stages that read a field. ``keys``: further ones, which read the names alone of a mapping name -> label."""

    stages: tuple[Stage, ...]
    keys: tuple[Stage, ...] = ()


EVERYWHERE = ReadBy(STAGES)
VALIDATION = ReadBy(("read", "validate"))
TABLES = ReadBy(("read", "validate", "render"))
RECORDS = ReadBy((*TABLES.stages, "derive"))
SCALES = ReadBy((*TABLES.stages, "analyse"))  # where the values of a column end
CHECKS = ReadBy(("validate", "render"))
ROSTER = ReadBy(("validate", "derive"))
DATASETS = ReadBy(("validate", "derive", "analyse", "plates", "render"))
DERIVATION = ReadBy(("derive", "analyse", "plates", "render"))
ANALYSIS = ReadBy(("analyse", "plates", "render"))
PAGES = ReadBy(("plates", "render"))
REPORT = ReadBy(("render",))
NOWHERE = ReadBy(())  # what other fields have taken over when the plan was read, or no result rests on


def reach(field: FieldInfo) -> ReadBy:
    """What a field says of the stages that read it."""
    return next((mark for mark in field.metadata if isinstance(mark, ReadBy)), EVERYWHERE)


def slice_of(model: Model, stage: Stage) -> Model:
    """The model with only what the stage may read; its nested models likewise."""
    marks = _marks(type(model))
    content = {name: _sliced(getattr(model, name), stage) for name, mark in marks.items() if stage in mark.stages}
    names_alone = [name for name, mark in marks.items() if stage in mark.keys]
    content |= {name: dict.fromkeys(getattr(model, name), "") for name in names_alone}
    return _without_the_rest(type(model), content)


@cache
def _marks(model: type[BaseModel]) -> dict[str, ReadBy]:
    """Which stages read each field of a model."""
    return {name: reach(field) for name, field in model.model_fields.items()}


def _sliced(value: object, stage: Stage) -> object:
    if isinstance(value, BaseModel):
        return slice_of(value, stage)
    if isinstance(value, dict):
        return {name: _sliced(entry, stage) for name, entry in value.items()}
    if isinstance(value, tuple):
        return tuple(_sliced(entry, stage) for entry in value)
    return value


def _without_the_rest(model: type[Model], content: Mapping[str, object]) -> Model:
    """A model that has these fields and no others, not even those with a default."""
    made = model.model_construct(None, **content)
    for name in model.model_fields.keys() - content.keys():
        made.__dict__.pop(name, None)
    return made


def plain(value: object) -> object:
    """A slice as values that JSON has, names and order of fields and mappings as they are."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        return {fields[name].alias or name: plain(entry) for name, entry in value.__dict__.items() if name in fields}
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def read_slice(model: type[Model], content: Mapping[str, object]) -> Model:
    """The slice that ``plain`` was given."""
    fields = {field.alias or name: (name, field) for name, field in model.model_fields.items()}
    return _without_the_rest(
        model, {fields[key][0]: _typed(fields[key][1].annotation, value) for key, value in content.items()}
    )


def _typed(annotation: Any, value: Any) -> object:
    """A plain value as the annotation of its field has it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return read_slice(annotation, value)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return {name: _typed(parts[1], entry) for name, entry in value.items()}
    if origin is types.UnionType and (kinds := [part for part in parts if _holds_model(part)]):
        return _typed(kinds[0], value) if isinstance(value, dict) else value
    if origin is tuple and _holds_model(parts[0]):
        return tuple(_typed(parts[0], entry) for entry in value)
    return _adapter(annotation).validate_python(value)


def _holds_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


@cache
def _adapter(annotation: Any) -> TypeAdapter[object]:
    return TypeAdapter(annotation)
