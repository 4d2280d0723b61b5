"""Birth weights of pups whose mothers were treated: one row a pup."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Pups(fields.TableModel):
    """One pup."""

    unit_id: Series[str] = fields.unit("pup")
    litter_id: Series[str] = pa.Field(description="litter, which is a mother")
    treatment: Series[str] = pa.Field(isin=["Control", "Low", "High"], description="dose given to the mother")
    litter_size: Series[pd.Int64Dtype] = pa.Field(
        ge=1,
        le=25,
        description="pups in the litter",
        metadata={"unit": "count", "source": "wide bounds, declared by this project"},
    )
    sex: Series[str] = pa.Field(isin=["Male", "Female"], description="sex of the pup")
    weight_g: Series[float] = pa.Field(
        ge=1,
        le=15,
        description="birth weight",
        metadata={"unit": "g", "source": "wide bounds for newborn rats, declared by this project"},
    )

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "Pinheiro and Bates 2000, Mixed-Effects Models in S and S-PLUS; RatPupWeight in R package nlme"
        }
