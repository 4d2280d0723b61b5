"""One edit for each leaf key of a document, found through its models, so that a new key is edited by being there."""

import copy
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from omtrace.model.slices import STAGES, reach
from pydantic import BaseModel
from pydantic.fields import FieldInfo

ADDED = "added"  # a text for keys that the document does not have


@dataclass(frozen=True)
class Edit:
    """One leaf of a document changed: the way to it, the stages that may read it, and its new value."""

    way: tuple
    stages: tuple[str, ...]
    value: Any
    before: dict

    @property
    def where(self) -> str:
        """The way to the leaf, as one text."""
        return ".".join(map(str, self.way))

    @property
    def document(self) -> dict:
        """A copy of the document with the change; made anew each time."""
        changed = copy.deepcopy(self.before)
        node = changed
        for key in self.way[:-1]:
            node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
        node[self.way[-1]] = copy.deepcopy(self.value)
        return changed


def edits(model: type[BaseModel], document: dict) -> Iterator[Edit]:
    """An edit of every leaf that a document of a model has, or could have and leaves out."""
    for way, stages, value in _leaves(model, document, (), STAGES):
        yield Edit(way, stages, value, document)


def _leaves(model: type[BaseModel], content: dict, way: tuple, stages: tuple) -> Iterator[tuple[tuple, tuple, Any]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        value = content.get(key, _absent(field))
        value = value.model_dump() if isinstance(value, BaseModel) else value
        # An edit of a label is none of a name; a mapping that is empty gets a name.
        read_by = reach(field).stages if value else (*reach(field).stages, *reach(field).keys)
        yield from _of(field.annotation, value, (*way, key), tuple(stage for stage in stages if stage in read_by))


def _absent(field: FieldInfo) -> Any:
    return None if field.is_required() else copy.deepcopy(field.get_default(call_default_factory=True))


def _of(annotation: Any, value: Any, way: tuple, stages: tuple) -> Iterator[tuple[tuple, tuple, Any]]:
    """The changed values of a leaf, or of the leaves below it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    models = [part for part in (annotation, *parts) if isinstance(part, type) and issubclass(part, BaseModel)]
    if models and origin is dict:
        for name, entry in value.items():
            yield from _leaves(models[0], entry, (*way, name), stages)
    elif models and origin is tuple:
        for place, entry in enumerate(value):
            yield from _leaves(models[0], entry, (*way, place), stages)
    elif models and value is None:
        yield way, stages, _changed(models[0], None)
    elif models:
        yield from _leaves(models[0], value, way, stages)
    elif isinstance(value, dict) and value:
        for name, entry in value.items():
            yield from _of(Any, entry, (*way, name), stages)
    else:
        yield way, stages, _changed(annotation, value)


def _changed(annotation: Any, value: Any) -> Any:
    if get_origin(annotation) is Literal:
        return next(choice for choice in get_args(annotation) if choice != value)
    if isinstance(value, bool) or annotation is bool:
        return not value
    if isinstance(value, (int, float)) or annotation in (int, float):
        return (value or 0) + 1
    if isinstance(value, (list, tuple)):
        return [*value[:-1], *[_changed(Any, entry) for entry in value[-1:]]] or [ADDED]
    if get_origin(annotation) is types.UnionType:
        return _changed(get_args(annotation)[0], value)
    if isinstance(value, dict) or get_origin(annotation) is dict:
        kinds = get_args(annotation)
        return {ADDED: _changed(kinds[1] if kinds else Any, None)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {f.alias or n: _changed(f.annotation, _absent(f)) for n, f in annotation.model_fields.items()}
    if get_origin(annotation) is tuple:
        return [_changed(get_args(annotation)[0], None)]
    return f"{value or ''}{ADDED}"
