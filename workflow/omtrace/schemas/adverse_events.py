"""Adverse events: one row an event."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class AdverseEvents(fields.TableModel):
    """One adverse event."""

    unit_id: Series[str] = fields.unit("participant", references="allocation.unit_id")
    study_day: Series[pd.Int64Dtype] = pa.Field(
        ge=-366,
        le=3660,
        description="day of onset, counted from the first session (1)",
        metadata={"unit": "d", "scope": "cell"},
    )
    term: Series[str] = pa.Field(description="what happened, in the site's words")
    system: Series[str] | None = pa.Field(nullable=True, description="body system, in the site's words")
    severity: Series[str] = pa.Field(isin=["mild", "moderate", "severe"], description="severity")
    related: Series[str] = pa.Field(isin=["yes", "no", "possible"], description="related to treatment")
    soc: Series[str] | None = pa.Field(nullable=True, description="system organ class of the preferred term")
    preferred_term: Series[str] | None = pa.Field(nullable=True, description="preferred term, as coded")
    serious: Series[pd.Int64Dtype] | None = pa.Field(
        isin=[0, 1], nullable=True, description="serious (1 yes)", metadata={"unit": "code"}
    )

    @pa.dataframe_check(
        error="system organ class and preferred term together, or neither",
        **fields.rule("soc", "preferred_term", severity="warn", example="Neck pain without a system organ class"),
    )
    def event_coded(cls, frame: pd.DataFrame) -> pd.Series:
        """A coded event has both."""
        return frame["soc"].isna() == frame["preferred_term"].isna()

    class Config:
        unique = ["unit_id", "study_day", "term"]
        metadata = {
            "source": "the trial's log of adverse events as this project declares it; CONSORT 2025, "
            "doi:10.1371/journal.pmed.1004587, items 15 and 21a ask for harms"
        }
