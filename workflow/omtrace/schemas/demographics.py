"""Who takes part: one row a participant."""

import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Demographics(fields.TableModel):
    """One enrolled participant."""

    unit_id: Series[str] = fields.unit("participant")
    enrolled_on: Series[DateTime] = fields.day("day of enrolment")
    age: Series[pd.Int64Dtype] = pa.Field(
        ge=0,
        le=120,
        description="age at enrolment",
        metadata={"unit": "years", "source": "what an age can be; who is eligible is the plan's matter"},
    )
    sex: Series[str] = pa.Field(isin=["male", "female"], description="sex")

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "the enrolment form as this project declares it"}
