"""Mechanical thresholds by von Frey filaments: one row an animal, site and hour."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class VonFrey(fields.TableModel):
    """One threshold of an animal at a site and hour."""

    unit_id: Series[str] = fields.unit("animal", references="animals.unit_id")
    visit: Series[str] = fields.visit()
    site: Series[str] = pa.Field(description="where it was tested")
    threshold_g: Series[float] = pa.Field(
        ge=0.1,
        le=15.2,
        description="50% withdrawal threshold; the strongest filament has 15.14 g",
        metadata={"unit": "g"},
    )

    class Config:
        unique = ["unit_id", "site", "visit"]
        metadata = {
            "source": "von Frey up-and-down thresholds; filaments of 0.41 to 15.14 g as in the NINDS PSPP set, sites "
            "as in Byrd 2024, doi:10.3389/fpain.2024.1280589"
        }
