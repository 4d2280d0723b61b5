"""The allocation list: one row a used slot."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one used slot of the stratified allocation list",
    key=("unit_id",),
    columns=(
        unit_column("participant"),
        Column("sequence", "integer", "position in the list, from 1", "1", 1, required=True),
        Column("stratum", "text", "stratum of the randomisation", required=True),
        Column("block", "integer", "permuted block, numbered from 1", "1", 1, required=True),
        Column("arm", "text", "arm allocated to", allowed=("OMT", "sham"), required=True),
        Column("allocated_on", "date", "day of allocation", required=True),
    ),
    source="the randomised trial's design as this project declares it: permuted blocks within strata",
)
