"""Animals of a rodent study: one row an animal."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Animals(fields.TableModel):
    """One animal."""

    unit_id: Series[str] = fields.unit("animal")
    cage_id: Series[str] = pa.Field(description="cage", metadata={"references": "cages.cage_id"})
    batch: Series[str] = pa.Field(description="batch in which the animal was treated")
    sex: Series[str] = pa.Field(isin=["F", "M"], description="sex")
    strain: Series[str] = pa.Field(description="strain")
    weight_g: Series[float] = pa.Field(
        ge=1,
        le=1500,
        description="body weight at the start",
        metadata={
            "unit": "g",
            "source": "from a newborn mouse to a heavy rat, declared by this project",
        },
    )
    model: Series[str] = pa.Field(description="disease model, or control")
    treatment: Series[str] = pa.Field(description="treatment")

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "ARRIVE 2.0, items 1 and 8; models and treatments as in Byrd 2024, doi:10.3389/fpain.2024.1280589"
        }
