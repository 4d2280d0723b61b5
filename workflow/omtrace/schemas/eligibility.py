"""What the exclusion criteria ask about earlier treatment: one row a participant. Which of them exclude is the plan's
matter, as is age: ``checks`` with the crosscheck ``eligibility``.
"""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Eligibility(fields.TableModel):
    """The eligibility answers of one participant."""

    unit_id: Series[str] = fields.unit("participant")
    botox_ever: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1],
        nullable=True,
        description="onabotulinumtoxinA for headache, now or before (1 yes)",
        metadata={"unit": "code"},
    )
    topiramate_12m: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1], nullable=True, description="topiramate in the last 12 months (1 yes)", metadata={"unit": "code"}
    )

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "answers to the exclusion criteria of NCT04520425"}
