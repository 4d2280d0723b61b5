"""Lifestyle beside the treatment, as a participant tells it: one row a participant and visit."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Lifestyle(fields.TableModel):
    """The lifestyle answers of one participant at one visit."""

    unit_id: Series[str] = fields.unit("participant")
    visit: Series[str] = fields.visit()
    sleep_hours: Series[float] = pa.Field(
        ge=0, le=24, nullable=True, description="hours of sleep a night, last 4 weeks", metadata={"unit": "h"}
    )
    exercise_days: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=7, nullable=True, description="days a week with exercise of 30 minutes", metadata={"unit": "d"}
    )
    caffeine_servings: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=30, nullable=True, description="servings of caffeine a day", metadata={"unit": "count"}
    )
    regular_meals: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1], nullable=True, description="meals at regular times (1 yes)", metadata={"unit": "code"}
    )
    stress: Series[pd.Int64Dtype] = pa.Field(
        ge=0, le=10, nullable=True, description="stress, 0 none to 10 the worst", metadata={"unit": "points"}
    )

    class Config:
        unique = ["unit_id", "visit"]
        metadata = {"source": "the study's own form, as this project declares it; no validated questionnaire"}
