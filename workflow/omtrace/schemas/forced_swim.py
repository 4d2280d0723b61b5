"""Forced swim: how long a mouse does not move: one row a mouse."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class ForcedSwim(fields.TableModel):
    """One mouse in the forced swim test."""

    unit_id: Series[str] = fields.unit("mouse, or its batch and strain")
    animal_id: Series[str] = pa.Field(description="mouse")
    batch: Series[str] = pa.Field(description="batch of mice bought and operated together")
    strain: Series[str] = pa.Field(description="inbred strain")
    treatment: Series[str] = pa.Field(isin=["SHAM", "OVX"], description="sham operation or ovariectomy")
    immobile_percent: Series[float] = pa.Field(
        ge=0, le=100, nullable=True, description="time immobile", metadata={"unit": "%"}
    )

    class Config:
        unique = ["animal_id"]
        metadata = {"source": "Schoenrock 2016, Physiol Behav 167:404-412"}
