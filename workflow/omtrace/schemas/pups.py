"""Birth weights of pups whose mothers were treated: one row a pup."""

from omtrace.schemas import Column, Table, unit_column

TABLE = Table(
    row="one pup",
    key=("unit_id",),
    columns=(
        unit_column("pup"),
        Column("litter_id", "text", "litter, which is a mother", required=True),
        Column("treatment", "text", "dose given to the mother", allowed=("Control", "Low", "High"), required=True),
        Column("litter_size", "integer", "pups in the litter", "count", 1, 25, required=True,
               source="wide bounds, declared by this project"),
        Column("sex", "text", "sex of the pup", allowed=("Male", "Female"), required=True),
        Column("weight_g", "number", "birth weight", "g", 1, 15, required=True,
               source="wide bounds for newborn rats, declared by this project"),
    ),
    source="Pinheiro and Bates 2000, Mixed-Effects Models in S and S-PLUS; RatPupWeight in R package nlme",
)  # fmt: skip
