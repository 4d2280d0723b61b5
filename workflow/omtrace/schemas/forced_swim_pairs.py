"""The same rows as ``forced_swim``, by batch and strain: both treatments of a batch and strain are one matched pair."""

from omtrace.schemas import Table, forced_swim, visit_column

TABLE = Table(
    row="one mouse in the forced swim test, of a batch and strain",
    key=("animal_id",),
    columns=(*forced_swim.TABLE.columns, visit_column()),
    source=forced_swim.TABLE.source,
)
