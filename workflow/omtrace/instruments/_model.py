"""A questionnaire's pandera model, made from its items."""

import pandas as pd
import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.instruments import Instrument, Item, ItemRule
from omtrace.schemas import Kind, _fields

TYPES: dict[Kind, type] = {"integer": pd.Int64Dtype, "number": float, "text": str, "date": DateTime}


def model_of(instrument: Instrument) -> type[_fields.TableModel]:
    """The model of a questionnaire's table: one row a participant and visit."""
    optional = {*instrument.optional, *(item.name for item in instrument.extra if not item.required)}
    fields = {"unit_id": _fields.unit("participant"), "visit": _fields.visit()}
    annotations: dict[str, object] = {"unit_id": Series[str], "visit": Series[str]}
    for item in (*instrument.items, *instrument.extra):
        column = Series.__class_getitem__(TYPES[item.kind])
        annotations[item.name] = column | None if item.name in optional else column
        fields[item.name] = _field(item, item in instrument.items)
    config = type("Config", (), {"unique": ["unit_id", "visit"], "metadata": {"source": instrument.source}})
    members = {"__annotations__": annotations, "Config": config, **fields, **dict(map(_check, instrument.rules))}
    members["__doc__"] = f"One {instrument.title} questionnaire of a participant at a visit."
    return type(f"{instrument.title} model", (_fields.TableModel,), members)


def _field(item: Item, answered: bool) -> FieldInfo:
    metadata = {"unit": item.unit, "source": item.source, "item": answered}
    return pa.Field(
        ge=item.minimum,
        le=item.maximum,
        notin=_fields.EPOCHS if item.kind == "date" else None,
        nullable=not item.required,
        description=item.label,
        metadata={name: value for name, value in metadata.items() if value},
    )


def _check(rule: ItemRule) -> tuple[str, classmethod]:
    """A rule as a check method of the model; it passes where the rule does not apply or lacks a column."""

    def holds(_: type, data: pd.DataFrame | pd.Series) -> pd.Series:
        if isinstance(data, pd.DataFrame) and not {*rule.columns} <= {*data.columns}:
            return pd.Series(True, index=data.index)
        return rule.holds(data).astype("boolean").fillna(True).astype(bool)

    holds.__doc__ = rule.expected
    words = _fields.rule(*rule.columns, example=rule.example, mend=rule.fix, severity=rule.severity)
    if len(rule.columns) == 1:
        return rule.id, pa.check(*rule.columns, name=rule.id, error=rule.expected, **words)(holds)
    return rule.id, pa.dataframe_check(name=rule.id, error=rule.expected, **words)(holds)
