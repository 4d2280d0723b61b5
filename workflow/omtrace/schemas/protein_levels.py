"""Protein levels in tissue, several replicates an animal: one row a replicate."""

import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo
from pandera.typing import Series

from omtrace.schemas import _fields as fields

PROTEINS = (
    "DYRK1A_N",
    "ITSN1_N",
    "BDNF_N",
    "NR1_N",
    "NR2A_N",
    "pAKT_N",
    "pBRAF_N",
    "pCAMKII_N",
    "pCREB_N",
    "pELK_N",
    "pERK_N",
    "pJNK_N",
    "PKCA_N",
    "pMEK_N",
    "pNR1_N",
    "pNR2A_N",
    "pNR2B_N",
    "pPKCAB_N",
    "pRSK_N",
    "AKT_N",
    "BRAF_N",
    "CAMKII_N",
    "CREB_N",
    "ELK_N",
    "ERK_N",
    "GSK3B_N",
    "JNK_N",
    "MEK_N",
    "TRKA_N",
    "RSK_N",
    "APP_N",
    "Bcatenin_N",
    "SOD1_N",
    "MTOR_N",
    "P38_N",
    "pMTOR_N",
    "DSCR1_N",
    "AMPKA_N",
    "NR2B_N",
    "pNUMB_N",
    "RAPTOR_N",
    "TIAM1_N",
    "pP70S6_N",
    "NUMB_N",
    "P70S6_N",
    "pGSK3B_N",
    "pPKCG_N",
    "CDK5_N",
    "S6_N",
    "ADARB1_N",
    "AcetylH3K9_N",
    "RRP1_N",
    "BAX_N",
    "ARC_N",
    "ERBB4_N",
    "nNOS_N",
    "Tau_N",
    "GFAP_N",
    "GluR3_N",
    "GluR4_N",
    "IL1B_N",
    "P3525_N",
    "pCASP9_N",
    "PSD95_N",
    "SNCA_N",
    "Ubiquitin_N",
    "pGSK3B_Tyr216_N",
    "SHH_N",
    "BAD_N",
    "BCL2_N",
    "pS6_N",
    "pCFOS_N",
    "SYP_N",
    "H3AcK18_N",
    "EGR1_N",
    "H3MeK4_N",
    "CaNA_N",
)


class Replicate(fields.TableModel):
    """One replicate measurement of one animal."""

    unit_id: Series[str] = fields.unit("animal")
    replicate_id: Series[str] = pa.Field(description="animal and replicate, as exported")
    genotype: Series[str] = pa.Field(isin=["Control", "Ts65Dn"], description="genotype")
    treatment: Series[str] = pa.Field(isin=["Saline", "Memantine"], description="drug")
    behavior: Series[str] = pa.Field(isin=["C/S", "S/C"], description="context-shock or shock-context")
    class_: Series[str] = pa.Field(alias="class", description="class as exported")

    class Config:
        unique = ["replicate_id"]
        metadata = {"source": "Higuera 2015, PLoS ONE 10:e0129126; UCI data set 342"}


def level(protein: str) -> FieldInfo:
    """The level of one protein."""
    return pa.Field(
        ge=0,
        nullable=True,
        description=f"level of {protein.removesuffix('_N')} in the nuclear fraction",
        metadata={"unit": "relative"},
    )


ProteinLevels = fields.extended(Replicate, "ProteinLevels", {name: (float, level(name)) for name in PROTEINS})
