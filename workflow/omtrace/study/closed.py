"""Closed models: unknown keys are refused, with the nearest known one, and every complaint is one line."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from omtrace.faults import Fault, nearest

NAME = re.compile(r"^[a-z][a-z0-9_]*\Z")


class Closed(BaseModel):
    """A model that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


def complaints(error: ValidationError, where: str, model: type[BaseModel]) -> list[str]:
    """A pydantic error as one readable line a finding."""
    lines = []
    for item in error.errors():
        place = ".".join(str(part) for part in item["loc"])
        text = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            text = "unknown key" + nearest(str(item["loc"][-1]), _keys_at(model, item["loc"][:-1]))
        lines += [f"{where}: {place + ': ' if place else ''}{line}" for line in text.split("\n")]
    return lines


def _keys_at(model: Any, path: tuple) -> list[str]:
    """The keys that the model allows at a place of the document."""
    for part in path:
        fields = getattr(model, "model_fields", {})
        if part not in fields:
            continue
        kinds = [fields[part].annotation]
        while kinds:
            kind = kinds.pop()
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
                break
            kinds.extend(getattr(kind, "__args__", ()))
    return [field.alias or name for name, field in getattr(model, "model_fields", {}).items()]


def checked(model: type[BaseModel], content: Any, where: str) -> Any:
    """The content as a model. Raises Fault with every complaint."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise Fault(*complaints(error, where, model)) from None
