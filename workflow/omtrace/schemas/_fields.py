"""What the models of tables share: their configuration, the fields that stand in many of them, the words of a check.

A function gives a new field each time: one ``pa.Field`` in two models would give the first the second's column name.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo
from pandera.typing import Series

from omtrace.model.plan import Severity
from omtrace.schemas import ASK

# The first days of the calendars of spreadsheets, statistics packages and operating systems: a 0 that became a date.
EPOCHS = tuple(map(pd.Timestamp, ("1899-12-30", "1899-12-31", "1900-01-01", "1904-01-01", "1960-01-01", "1970-01-01")))
DATE = "%Y-%m-%d"  # the one form of a date in a text that a model takes: 03/04/2023 is two dates
DATE_FORM = {"to_datetime_kwargs": {"format": DATE}}


class TableModel(pa.DataFrameModel):
    """What every model of a table keeps to: its own columns alone, each of its type."""

    class Config:
        strict = True
        coerce = True


def unit(kind: str, references: str = "") -> Any:
    """The column that names the unit. ``references``: table.column that lists it."""
    metadata = {"references": references} if references else None
    return pa.Field(description=f"pseudonym of the {kind}, as the study gave it", metadata=metadata)


def visit() -> Any:
    """The column of the visit, made from the raw event by the plan's map."""
    return pa.Field(description="visit that the row belongs to, from the raw event")


def day(description: str, *, nullable: bool = False) -> Any:
    """A date; as text in the ISO form alone, and not the first day of a computer's calendar."""
    return pa.Field(notin=EPOCHS, description=description, nullable=nullable, dtype_kwargs=DATE_FORM)


def rule(*columns: str, example: str, mend: str = ASK, severity: Severity = "quarantine") -> dict[str, Any]:
    """What ``pa.check`` and ``pa.dataframe_check`` are given besides the name and the error of a rule.

    ``columns``: those that the check looks at; a finding is reported at the first. ``example``: what breaks it.
    ``mend``: what to do then. A rule that is less than a quarantine makes pandera warn, and not raise.
    """
    statistics = {"columns": columns, "severity": severity, "example": example, "mend": mend}
    return {"statistics": statistics, "raise_warning": severity in ("note", "warn"), "ignore_na": len(columns) == 1}


def extended(
    base: type[TableModel], name: str, fields: Mapping[str, tuple[type, FieldInfo]], **members: object
) -> type[TableModel]:
    """A model with further columns: name -> its type and its field.

    For columns that are too many, or too much alike, to be written down one by one.
    """
    annotations = {column: Series.__class_getitem__(kind) for column, (kind, _) in fields.items()}
    own = {column: field for column, (_, field) in fields.items()}
    return type(name, (base,), {"__annotations__": annotations, "__doc__": base.__doc__, **own, **members})
