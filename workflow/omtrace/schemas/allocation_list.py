"""The allocation list as it was generated: one row a slot, used or not."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class AllocationList(fields.TableModel):
    """One slot of the stratified allocation list, used or not."""

    sequence: Series[pd.Int64Dtype] = pa.Field(ge=1, description="position in the list, from 1", metadata={"unit": "1"})
    stratum: Series[str] = pa.Field(description="stratum of the randomisation")
    block: Series[pd.Int64Dtype] = pa.Field(ge=1, description="permuted block, numbered from 1", metadata={"unit": "1"})
    arm: Series[str] = pa.Field(description="arm of the slot")

    class Config:
        unique = ["sequence", "stratum"]
        metadata = {
            "source": "the randomised trial's design as this project declares it: permuted blocks within strata"
        }
