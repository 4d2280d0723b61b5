"""The pandera model of a table that a plan declares, whole or in part: with the same checks as those of the library."""

import re
from collections.abc import Iterator, Mapping

import pandas as pd
import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.faults import Fault
from omtrace.model.expression import Expression, Facts, Kind, Value
from omtrace.model.tables import ColumnKind, ColumnPlan, RulePlan, TablePlan
from omtrace.schemas import ASK, UNIT, Table, _fields

SOURCE = "declared in the study's plan"
TYPES: dict[ColumnKind, type] = {
    "text": str,
    "category": str,
    "integer": pd.Int64Dtype,
    "number": float,
    "date": DateTime,
}


def model_of(entry: TablePlan, name: str, base: type[_fields.TableModel] | None) -> type[_fields.TableModel]:
    """The model of an entry of a plan.

    Parameters
    ----------
    entry
        What the plan says of the table.
    name
        Its name in the plan.
    base
        The library's model that it extends, if it does.

    Raises
    ------
    Fault
        For a key, a reference or a rule that does not fit the columns.
    """
    columns = {} if base else _usual(entry)
    columns |= {column: _field(column, plan, _key(entry)) for column, plan in entry.declared.items()}
    optional = {column for column, plan in entry.declared.items() if plan.optional}
    annotations = {
        column: (kind | None if column in optional else kind)
        for column, (kind, _) in columns.items()  # type: ignore[operator]
    }
    members: dict[str, object] = {column: field for column, (_, field) in columns.items()}
    known = _kinds(base) | {column: _kind(plan.type) for column, plan in entry.declared.items()}
    known |= {column: "text" for column in columns if column not in known}
    members |= dict(_patterns(entry)) | dict(_rules(entry, known))
    members["__annotations__"] = annotations
    if base:
        members["__doc__"] = base.__doc__
    else:
        key = list(_key(entry))
        if unknown := [column for column in key if column not in columns]:
            raise Fault(f"key: the table has no column {unknown[0]!r}")
        row = entry.row or ("one unit at a visit" if entry.visit else "one unit")
        members["__doc__"] = f"{row[:1].upper()}{row[1:]}."
        members["Config"] = type("Config", (), {"unique": key or None, "metadata": {"source": SOURCE}})
    class_name = "".join(word.capitalize() for word in name.split("_"))
    return type(class_name, (base or _fields.TableModel,), members)


def _usual(entry: TablePlan) -> dict[str, tuple[type, FieldInfo]]:
    """The columns of each table: the unit, and the visit where there are visits."""
    usual = {UNIT: (Series[str], _fields.unit("unit"))}
    return usual | ({"visit": (Series[str], _fields.visit())} if entry.visit else {})


def _key(entry: TablePlan) -> tuple[str, ...]:
    """The columns that identify a row."""
    return entry.key if entry.key is not None else (UNIT, *(["visit"] if entry.visit else []))


def _field(name: str, plan: ColumnPlan, key: tuple[str, ...]) -> tuple[type, FieldInfo]:
    """The type and the field of a column."""
    kind = Series.__class_getitem__(TYPES[plan.type])
    required = plan.required or name in key
    metadata: dict[str, object] = {"unit": plan.unit or ("code" if plan.codes and plan.type == "integer" else "")}
    metadata["references"] = plan.references
    metadata["item"] = "visit" in key and name not in key  # a visit at which none has a value was not collected
    low, high = plan.bounds
    allowed = [int(value) if plan.type == "integer" else value for value in plan.categories] or None
    field = pa.Field(
        ge=low,
        le=high,
        isin=allowed,
        notin=_fields.EPOCHS if plan.type == "date" else None,
        nullable=not required,
        description=plan.description or name.replace("_", " "),
        metadata={key: value for key, value in metadata.items() if value},
        dtype_kwargs=_fields.DATE_FORM if plan.type == "date" else None,
    )
    return kind, field


def _patterns(entry: TablePlan) -> Iterator[tuple[str, classmethod]]:
    """A check for each text that has a pattern."""
    for name, plan in entry.declared.items():
        if plan.pattern:
            rule, error = f"{name}_pattern", f"a text that fits {plan.pattern}"
            words = _fields.rule(name, example=f"another form of {name}")

            def fits(_: type, values: pd.Series, pattern: str = plan.pattern) -> pd.Series:
                return values.astype("str").str.fullmatch(pattern)

            yield rule, pa.check(name, name=rule, error=error, **words)(fits)


def _rules(entry: TablePlan, known: Mapping[str, Kind]) -> Iterator[tuple[str, classmethod]]:
    """A check for each rule over the columns of a row."""
    faults: list[str] = []
    for name, declared in entry.rules.items():
        plan = RulePlan.model_validate({"check": declared}) if isinstance(declared, str) else declared
        try:
            condition = Expression(plan.check, f"rules.{name}", known, what="column of the table")
        except Fault as fault:
            faults += fault.lines
            continue
        columns = sorted(condition.names, key=lambda column: _first(column, plan.check))
        if len(columns) < 2:
            faults.append(f"rules.{name}: a rule is over two columns or more; bounds and codes are of one")
            continue
        words = _fields.rule(
            *columns, example=f"a row without: {plan.check}", mend=plan.fix or ASK, severity=plan.severity
        )

        def holds(_: type, frame: pd.DataFrame, condition: Expression = condition) -> pd.Series:
            return rows_that_hold(condition, frame)

        yield name, pa.dataframe_check(name=name, error=plan.says or plan.check, **words)(holds)
    if faults:
        raise Fault(*faults)


def rows_that_hold(condition: Expression, frame: pd.DataFrame) -> pd.Series:
    """Whether a condition holds, or cannot be told, in each row of a typed frame; rows alike are judged once."""
    if not {*condition.names} <= {*frame.columns}:
        return pd.Series(True, index=frame.index)
    part = frame[condition.names]
    group = part.groupby(condition.names, dropna=False, sort=False).ngroup()
    distinct = part[~group.duplicated().to_numpy()]
    verdicts = [condition.holds(facts) is not False for facts in facts_of(distinct)]
    return pd.Series([verdicts[number] for number in group.tolist()], index=frame.index, dtype=bool)


def facts_of(frame: pd.DataFrame) -> Iterator[Facts]:
    """The rows of a typed frame as an expression takes them."""
    columns = [frame[name].astype(object).tolist() for name in frame.columns]
    for row in zip(*columns, strict=True):
        yield {name: _value(value) for name, value in zip(frame.columns, row, strict=True)}


def _value(value: object) -> Value:
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, str):
        return value
    return None if pd.isna(value) else float(value)  # type: ignore[call-overload,arg-type]


def _kinds(base: type[_fields.TableModel] | None) -> dict[str, Kind]:
    """The kinds of the columns of the library's model."""
    table = Table(base.to_schema()) if base else None
    return {column.name: _kind(column.kind) for column in table.columns} if table else {}


def _kind(kind: str) -> Kind:
    return "number" if kind in ("integer", "number") else "date" if kind == "date" else "text"


def _first(name: str, text: str) -> int:
    """Where a name stands first in an expression."""
    match = re.search(rf"\b{name}\b", text)
    return match.start() if match else len(text)
