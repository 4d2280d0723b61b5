"""What the randomisation was stratified by: one row a participant."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Strata(fields.TableModel):
    """The site and migraine type of one participant."""

    unit_id: Series[str] = fields.unit("participant")
    site: Series[str] = pa.Field(description="study site")
    migraine_type: Series[str] = pa.Field(isin=["episodic", "chronic"], description="type of migraine")

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "the randomised trial's strata as this project declares them; chronic migraine as in ICHD-3"
        }
