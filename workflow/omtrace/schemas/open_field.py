"""Open field: how far, how long and where a mouse moves: one row a mouse."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class OpenField(fields.TableModel):
    """One mouse in the open field."""

    unit_id: Series[str] = fields.unit("mouse, or its batch and strain")
    animal_id: Series[str] = pa.Field(description="mouse")
    batch: Series[str] = pa.Field(description="batch of mice bought and operated together")
    strain: Series[str] = pa.Field(description="inbred strain")
    treatment: Series[str] = pa.Field(isin=["SHAM", "OVX"], description="sham operation or ovariectomy")
    distance_cm: Series[float] = pa.Field(ge=0, nullable=True, description="distance moved", metadata={"unit": "cm"})
    moving_s: Series[float] = pa.Field(ge=0, nullable=True, description="time moving", metadata={"unit": "s"})
    vertical: Series[pd.Int64Dtype] = pa.Field(
        ge=0, nullable=True, description="vertical movements", metadata={"unit": "count"}
    )
    margin_cm: Series[float] = pa.Field(
        ge=0, nullable=True, description="distance moved in the margin", metadata={"unit": "cm"}
    )
    centre_cm: Series[float] = pa.Field(
        ge=0, nullable=True, description="distance moved in the centre", metadata={"unit": "cm"}
    )
    centre_percent: Series[float] = pa.Field(
        ge=0, le=100, nullable=True, description="time in the centre", metadata={"unit": "%"}
    )

    class Config:
        unique = ["animal_id"]
        metadata = {
            "source": "Schoenrock 2016, Physiol Behav 167:404-412; the units of distance are not stated with the data"
        }
