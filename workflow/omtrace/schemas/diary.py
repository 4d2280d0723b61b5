"""Daily headache diary of a trial: one row a day that was filled in."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Diary(fields.TableModel):
    """One diary day of a participant."""

    unit_id: Series[str] = fields.unit("participant", references="allocation.unit_id")
    study_day: Series[pd.Int64Dtype] = pa.Field(
        ge=-366,
        le=3660,
        description="day counted from the first session (1); the day before is -1",
        metadata={"unit": "d", "source": "wide bounds, declared by this project; a study's own are in its plan"},
    )
    headache: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1], description="headache that day (1 yes)", metadata={"unit": "code"}
    )
    migraine: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1], description="migraine that day (1 yes)", metadata={"unit": "code"}
    )
    pain_max: Series[pd.Int64Dtype] = pa.Field(
        ge=0,
        le=10,
        nullable=True,
        description="worst pain of the day (0 none, 10 the worst imaginable)",
        metadata={"unit": "points"},
    )
    acute_medication: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1], nullable=True, description="acute medication taken (1 yes)", metadata={"unit": "code"}
    )
    acute_class: Series[str] | None = pa.Field(
        isin=["simple_analgesic", "triptan", "ergot", "opioid", "combination"],
        nullable=True,
        description="class of the acute medication; of several the one that ICHD-3 counts from 10 days",
        metadata={"source": "classes of ICHD-3, 8.2: simple analgesics count from 15 days a month, all others from 10"},
    )

    @pa.check(
        "study_day",
        error="a day before the first session (-1 and less) or from it on (1 and more)",
        **fields.rule("study_day", example="day 0 beside days -1 and 1"),
    )
    def no_day_zero(cls, days: pd.Series) -> pd.Series:
        """There is no day 0."""
        return days != 0

    @pa.dataframe_check(
        error="neither migraine nor pain on a day without headache",
        **fields.rule("headache", "migraine", "pain_max", severity="note", example="no headache, and pain of 5"),
    )
    def pain_without_headache(cls, frame: pd.DataFrame) -> pd.Series:
        """A day without headache has neither migraine nor pain."""
        without = frame["headache"].eq(0).fillna(False)
        return ~without | (frame["migraine"].fillna(0).eq(0) & frame["pain_max"].fillna(0).eq(0))

    @pa.dataframe_check(
        error="a class of medication only on a day with medication",
        **fields.rule(
            "acute_class", "acute_medication", severity="note", example="a triptan on a day without medication"
        ),
    )
    def class_without_medication(cls, frame: pd.DataFrame) -> pd.Series:
        """A drug that was taken is medication."""
        return frame["acute_class"].isna() | frame["acute_medication"].ne(0).fillna(True)

    class Config:
        unique = ["unit_id", "study_day"]
        metadata = {
            "source": "the trial's diary as this project declares it; what makes a migraine day is settled by the "
            "study (proposals: van der Arend 2023, Cephalalgia)"
        }
