"""Biomarker concentrations that a laboratory has worked out itself: one row an animal and marker."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Biomarkers(fields.TableModel):
    """The concentration of one marker in one animal."""

    unit_id: Series[str] = fields.unit("animal", references="animals.unit_id")
    marker: Series[str] = pa.Field(description="what was measured, and in which tissue or fluid")
    value: Series[float] = pa.Field(
        ge=0,
        nullable=True,
        description="concentration; blank where it is below the limit of detection and not known",
        metadata={"unit": "as in value_unit"},
    )
    value_unit: Series[str] = pa.Field(
        description="unit of the concentration and of the limit", metadata={"scope": "row"}
    )
    below_lod: Series[pd.Int64Dtype] | None = pa.Field(
        isin=[0, 1], nullable=True, description="below the limit of detection (1 yes)", metadata={"unit": "code"}
    )
    lod: Series[float] | None = pa.Field(
        ge=0,
        nullable=True,
        description="limit of detection of the assay run",
        metadata={"unit": "as in value_unit"},
    )

    @pa.dataframe_check(
        error="a concentration, or the flag that it is below the limit of detection",
        **fields.rule(
            "value",
            "below_lod",
            example="a blank concentration without below_lod = 1",
            mend="ask the laboratory whether it was below the limit or not measured",
        ),
    )
    def biomarker_value(cls, frame: pd.DataFrame) -> pd.Series:
        """A concentration, unless the row says that it is below the limit of detection."""
        row = frame.reindex(columns=["value", "below_lod"])
        return row["value"].notna() | row["below_lod"].fillna(0).eq(1)

    @pa.dataframe_check(
        error="below_lod = 1 where the concentration is below the limit, else 0",
        **fields.rule(
            "below_lod",
            "value",
            "lod",
            example="2 pg/mL, limit 5 pg/mL, not flagged",
            mend="correct flag or limit at the source; leave a concentration blank rather than putting half the limit",
        ),
    )
    def biomarker_flag(cls, frame: pd.DataFrame) -> pd.Series:
        """A flagged value is below the limit and any other is not; limits are never put in place of values."""
        row = frame.reindex(columns=["value", "lod", "below_lod"])
        below, flagged = row["value"] < row["lod"], row["below_lod"].fillna(0).eq(1)
        return (below == flagged) | row.isna().any(axis=1)

    class Config:
        unique = ["unit_id", "marker"]
        metadata = {
            "source": "this project: value, limit and flag are kept apart, because putting a fraction of the limit in "
            "place of a value biases estimates (Schisterman 2006, doi:10.1093/aje/kwj039)"
        }
