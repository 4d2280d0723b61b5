"""The allocation list as it was generated: one row a slot, used or not."""

from omtrace.schemas import Column, Table

TABLE = Table(
    row="one slot of the stratified allocation list, used or not",
    key=("sequence", "stratum"),
    columns=(
        Column("sequence", "integer", "position in the list, from 1", "1", 1, required=True),
        Column("stratum", "text", "stratum of the randomisation", required=True),
        Column("block", "integer", "permuted block, numbered from 1", "1", 1, required=True),
        Column("arm", "text", "arm of the slot", allowed=("OMT", "sham"), required=True),
    ),
    source="the randomised trial's design as this project declares it: permuted blocks within strata",
)
