"""Concomitant care: what else a participant takes or does, and when it changed; one row an item and change."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class CareLog(fields.TableModel):
    """One entry of the log of concomitant care of a participant."""

    unit_id: Series[str] = fields.unit("participant")
    study_day: Series[pd.Int64Dtype] = pa.Field(
        ge=-366,
        le=3660,
        description="day of the entry, counted from the first session (1)",
        metadata={"unit": "d"},
    )
    kind: Series[str] = pa.Field(
        isin=["preventive", "acute", "manual_therapy", "physiotherapy", "psychological", "other"],
        description="kind of care: preventive or acute drug, manual therapy outside the trial, or another",
        metadata={"scope": "row"},
    )
    item: Series[str] = pa.Field(description="class of drug, or what was done", metadata={"scope": "row"})
    change: Series[str] = pa.Field(
        isin=["continued", "started", "stopped", "dose_raised", "dose_lowered"],
        description="what happened on that day; continued: taken or done since before the study",
    )

    class Config:
        unique = ["unit_id", "study_day", "kind", "item"]
        metadata = {
            "source": "the log of concomitant care as this project declares it; CONSORT 2025, "
            "doi:10.1371/journal.pmed.1004587, item 24b asks for concomitant care"
        }
