"""Responses to von Frey filaments applied up and down: one row a stimulus."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class VonFreyResponses(fields.TableModel):
    """One stimulus of an animal at a site and visit."""

    unit_id: Series[str] = fields.unit("animal", references="animals.unit_id")
    visit: Series[str] = fields.visit()
    site: Series[str] = pa.Field(description="where it was tested")
    stimulus: Series[pd.Int64Dtype] = pa.Field(
        ge=1, le=30, description="ordinal of the stimulus in its series", metadata={"unit": "count"}
    )
    filament_g: Series[float] = pa.Field(
        ge=0.001, le=300, description="force of the filament", metadata={"scope": "row", "unit": "g"}
    )
    response: Series[str] = pa.Field(isin=["O", "X"], description="X: withdrawal; O: none", metadata={"scope": "row"})

    class Config:
        unique = ["unit_id", "site", "visit", "stimulus"]
        metadata = {"source": "up-and-down method of Dixon 1980 as used by Chaplan 1994, J Neurosci Methods 53:55-63"}
