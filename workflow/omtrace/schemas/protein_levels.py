"""Protein levels in tissue, several replicates an animal: one row a replicate."""

from omtrace.schemas import Column, Table, unit_column

PROTEINS = ("BDNF_N", "pCREB_N", "pERK_N", "pNR1_N", "pAKT_N", "ITSN1_N", "APP_N", "SOD1_N", "pS6_N", "pCFOS_N")

TABLE = Table(
    row="one replicate measurement of one animal",
    key=("replicate_id",),
    columns=(
        unit_column("animal"),
        Column("replicate_id", "text", "animal and replicate, as exported", required=True),
        Column("genotype", "text", "genotype", allowed=("Control", "Ts65Dn"), required=True),
        Column("treatment", "text", "drug", allowed=("Saline", "Memantine"), required=True),
        Column("behavior", "text", "context-shock or shock-context", allowed=("C/S", "S/C"), required=True),
        Column("class", "text", "class as exported", required=True),
        *(Column(name, "number", f"level of {name.removesuffix('_N')} in the nuclear fraction", "relative", 0)
          for name in PROTEINS),
    ),
    source="Higuera 2015, PLoS ONE 10:e0129126; UCI data set 342",
)  # fmt: skip
