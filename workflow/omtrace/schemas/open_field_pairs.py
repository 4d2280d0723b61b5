"""The same rows as ``open_field``, by batch and strain: both treatments of a batch and strain are one matched pair."""

from omtrace.schemas import Table, open_field, visit_column

TABLE = Table(
    row="one mouse in the open field, of a batch and strain",
    key=("animal_id",),
    columns=(*open_field.TABLE.columns, visit_column()),
    source=open_field.TABLE.source,
)
