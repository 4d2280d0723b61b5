"""Animals of a rodent study: one row an animal."""

from omtrace.schemas import Column, Reference, Table, unit_column

TABLE = Table(
    row="one animal",
    key=("unit_id",),
    columns=(
        unit_column("animal"),
        Column("cage_id", "text", "cage", required=True),
        Column("batch", "text", "batch in which the animal was treated", required=True),
        Column("sex", "text", "sex", allowed=("F", "M"), required=True),
        Column("strain", "text", "strain", required=True),
        Column("weight_g", "number", "body weight at the start", "g", 100, 600, required=True,
               source="wide bounds for adult rats, declared by this project"),
        Column("model", "text", "migraine model", allowed=("control", "two_hit"), required=True),
        Column("treatment", "text", "treatment", allowed=("sham", "omt_abortive", "omt_repeated"), required=True),
    ),
    references=(Reference("cage_id", "cages", "cage_id"),),
    source="ARRIVE 2.0, items 1 and 8; models and treatments as in Byrd 2024, doi:10.3389/fpain.2024.1280589",
)  # fmt: skip
