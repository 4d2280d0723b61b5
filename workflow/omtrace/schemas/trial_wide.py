"""A headache trial as one wide row a patient, the visits in the columns' suffixes (1, 2, 5)."""

from collections.abc import Iterator

import pandas as pd
import pandera.pandas as pa
from pandera.api.dataframe.model_components import FieldInfo
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields

PACKS = {"1": "baseline", "2": "3 months", "5": "12 months"}
SF36 = {
    "pf": "physical functioning",
    "rlp": "role limitation, physical",
    "rle": "role limitation, emotional",
    "ef": "energy",
    "ewb": "emotional well being",
    "sf": "social functioning",
    "p": "pain",
    "gen": "general health",
    "hc": "change in health",
}
STEMS = {  # of the columns of a pack: description, unit, highest value
    "pk": ("weekly headache score", "points", 150),
    "f": ("headache days in 28 days", "d", 28),
    **{stem: (f"SF-36 {scale}", "points", 100) for stem, scale in SF36.items()},
    "painmedspk": ("pain medication in 4 weeks, medication quantification scale", "points", 1000),
    "prophmqs": ("prophylactic medication in 4 weeks, medication quantification scale", "points", 1000),
}
VISITS = {
    "gp": "visits to general practitioners",
    "spec": "visits to specialists",
    "acu": "visits to acupuncturists",
    "other": "visits to other complementary practitioners",
}


def of_packs() -> Iterator[tuple[str, tuple[type, FieldInfo]]]:
    """One column a questionnaire pack for each of the stems."""
    for stem, (description, unit, high) in STEMS.items():
        for pack, when in PACKS.items():
            field = pa.Field(
                ge=0, le=high, nullable=True, description=f"{description}, {when}", metadata={"unit": unit}
            )
            yield f"{stem}{pack}", (float, field)


def of_visits() -> Iterator[tuple[str, tuple[type, FieldInfo]]]:
    """One column of visits a kind of practitioner."""
    for stem, description in VISITS.items():
        described = f"{description} in the months recorded"
        field = pa.Field(ge=0, le=400, nullable=True, description=described, metadata={"unit": "visits"})
        yield f"total{stem}", (pd.Int64Dtype, field)


def without_diary(pack: str) -> dict[str, object]:
    """What the check of a pack's headache days is given."""
    return {
        "error": f"no headache days where the diary score of {PACKS[pack]} is blank",
        **fields.rule(
            f"f{pack}",
            f"pk{pack}",
            severity="warn",
            example=f"f{pack} = 0 beside a blank pk{pack}",
            mend=f"count the days as missing by a repair in the plan, with the reason: column f{pack} becomes ''",
        ),
    }


class Patient(fields.TableModel):
    """One randomised patient."""

    unit_id: Series[str] = fields.unit("patient")
    age: Series[pd.Int64Dtype] = pa.Field(ge=16, le=100, description="age", metadata={"unit": "years"})
    sex: Series[pd.Int64Dtype] = pa.Field(isin=[0, 1], description="sex (1 female)", metadata={"unit": "code"})
    migraine: Series[pd.Int64Dtype] = pa.Field(
        isin=[0, 1], description="migraine (1) or tension-type headache (0)", metadata={"unit": "code"}
    )
    chronicity: Series[float] = pa.Field(ge=0, le=80, description="years of headache", metadata={"unit": "years"})
    acupuncturist: Series[str] = pa.Field(description="acupuncturist's code: the paper's site")
    practice_id: Series[str] = pa.Field(description="general practice")
    date_randomized: Series[DateTime] = fields.day("day of randomisation", nullable=True)
    group: Series[str] = pa.Field(isin=["acupuncture", "control"], description="allocation")

    @pa.dataframe_check(**without_diary("2"))
    def days_without_diary_2(cls, frame: pd.DataFrame) -> pd.Series:
        """Zero headache days where the diary of that pack is missing is no observation."""
        return ~(frame["pk2"].isna() & frame["f2"].eq(0))

    @pa.dataframe_check(**without_diary("5"))
    def days_without_diary_5(cls, frame: pd.DataFrame) -> pd.Series:
        """Zero headache days where the diary of that pack is missing is no observation."""
        return ~(frame["pk5"].isna() & frame["f5"].eq(0))

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "Vickers 2006, Trials 7:15, additional file 1 and its dictionary; the trial: BMJ 2004;328:744"
        }


class TrialWide(fields.extended(Patient, "Packs", {**dict(of_packs()), **dict(of_visits())})):  # type: ignore[misc]
    """One randomised patient."""

    allmedsbaseline: Series[float] = pa.Field(
        ge=0, le=1000, nullable=True, description="all medication in 4 weeks at baseline", metadata={"unit": "points"}
    )
    allmedsfu: Series[float] = pa.Field(
        ge=0,
        le=1000,
        nullable=True,
        description="all medication in 4 weeks, mean of 3 and 12 months",
        metadata={"unit": "points"},
    )
    exposure: Series[pd.Int64Dtype] = pa.Field(
        ge=3, le=12, nullable=True, description="months of recorded resource use", metadata={"unit": "months"}
    )
    totaldos: Series[float] = pa.Field(
        ge=0, le=366, nullable=True, description="days off sick in the months recorded", metadata={"unit": "d"}
    )
    exposuredos: Series[pd.Int64Dtype] = pa.Field(
        ge=3, le=12, nullable=True, description="months of recorded days off sick", metadata={"unit": "months"}
    )
