"""What the exclusion criteria ask about earlier treatment: one row a participant. Age is checked in demographics."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields

DEVIATION = "ask the site; a protocol deviation is kept, and the study's populations say who is analysed"


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

    @pa.check(
        "botox_ever",
        error="no onabotulinumtoxinA for headache, now or before",
        **fields.rule("botox_ever", severity="warn", example="botox_ever = 1 in an enrolled row", mend=DEVIATION),
    )
    def not_eligible_botox(cls, answers: pd.Series) -> pd.Series:
        """Earlier treatment with onabotulinumtoxinA excludes."""
        return answers != 1

    @pa.check(
        "topiramate_12m",
        error="no topiramate in the last 12 months",
        **fields.rule(
            "topiramate_12m", severity="warn", example="topiramate_12m = 1 in an enrolled row", mend=DEVIATION
        ),
    )
    def not_eligible_topiramate(cls, answers: pd.Series) -> pd.Series:
        """Recent treatment with topiramate excludes."""
        return answers != 1

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "exclusion criteria of NCT04520425"}
