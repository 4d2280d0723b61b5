"""Small tables for tests, declared as pandera schemas."""

from collections.abc import Iterable, Sequence

import pandera.pandas as pa
from omtrace.schemas import Kind, Table
from omtrace.validation.checks import DTYPES


def declared_column(
    name: str,
    kind: Kind,
    description: str = "",
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    allowed: Sequence[str | int] = (),
    required: bool = False,
    **metadata: object,
) -> pa.Column:
    """A column of a schema; ``metadata``: source, references, where, item."""
    checks = [pa.Check.ge(minimum)] if minimum is not None else []
    checks += [pa.Check.le(maximum)] if maximum is not None else []
    checks += [pa.Check.isin(list(allowed))] if allowed else []
    return pa.Column(
        DTYPES[kind],
        checks,
        nullable=not required,
        coerce=True,
        name=name,
        description=description or None,
        metadata={"unit": unit, **metadata},
    )


def declared_table(
    row: str, key: Sequence[str], columns: Iterable[pa.Column], checks: Iterable[pa.Check] = (), source: str = ""
) -> Table:
    """A table of a schema with these columns."""
    schema = pa.DataFrameSchema(
        {column.name: column for column in columns}, list(checks), unique=list(key), strict=True, description=row
    )
    return Table(schema, source)
