"""The allocation list: one row a used slot."""

import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Allocation(fields.TableModel):
    """One used slot of the stratified allocation list."""

    unit_id: Series[str] = fields.unit("participant")
    sequence: Series[pd.Int64Dtype] = pa.Field(ge=1, description="position in the list, from 1", metadata={"unit": "1"})
    stratum: Series[str] = pa.Field(description="stratum of the randomisation")
    block: Series[pd.Int64Dtype] = pa.Field(ge=1, description="permuted block, numbered from 1", metadata={"unit": "1"})
    arm: Series[str] = pa.Field(description="arm allocated to")
    allocated_on: Series[DateTime] = fields.day("day of allocation")

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "the randomised trial's design as this project declares it: permuted blocks within strata"
        }
