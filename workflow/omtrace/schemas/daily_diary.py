"""Daily headache diary of an observational study: one row a patient and day."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class DailyDiary(fields.TableModel):
    """One diary day of a patient."""

    unit_id: Series[str] = fields.unit("patient")
    day: Series[pd.Int64Dtype] = pa.Field(
        ge=-366,
        le=366,
        description="day counted from the onset of treatment (0)",
        metadata={"unit": "d", "source": "wide bounds for diaries of some months, declared by this project"},
    )
    study_day: Series[pd.Int64Dtype] = pa.Field(
        ge=1,
        le=3660,
        description="day counted from the start of the study",
        metadata={"unit": "d", "source": "wide bounds for a study of some years, declared by this project"},
    )
    headache: Series[str] = pa.Field(isin=["yes", "no"], description="headache that day")
    headache_type: Series[str] = pa.Field(isin=["Aura", "No Aura", "Mixed"], description="type of migraine")
    age: Series[pd.Int64Dtype] = pa.Field(
        ge=10, le=110, description="age at the start of treatment", metadata={"unit": "years"}
    )
    sex: Series[str] = pa.Field(isin=["female", "male"], description="sex")
    air_quality: Series[float] = pa.Field(ge=0, description="air quality", metadata={"unit": "index"})
    medication: Series[str] = pa.Field(
        isin=["none", "reduced", "continuing"], description="abortive medication during the study"
    )

    class Config:
        unique = ["unit_id", "day"]
        metadata = {"source": "KosteckiDillon in the R package carData 3.0-5 (Kostecki-Dillon 1999)"}
