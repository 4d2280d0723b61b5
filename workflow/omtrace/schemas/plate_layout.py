"""Plate layouts: one row a well in use."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields

WELL = r".*/([A-Z]|A[A-F])([1-9]|[1-3][0-9]|4[0-8])"  # up to the 32 rows and 48 columns of 1536 wells


class PlateLayout(fields.TableModel):
    """One well of a plate and what was put into it."""

    unit_id: Series[str] = pa.Field(
        description="the well: plate / well", metadata={"references": "plate_signals.unit_id"}
    )
    plate: Series[str] = pa.Field(description="plate", metadata={"scope": "row"})
    role: Series[str] = pa.Field(
        isin=["standard", "blank", "sample", "control", "spiked"],
        description="what the well holds",
        metadata={"scope": "row"},
    )
    sample: Series[str] = pa.Field(
        nullable=True,
        description="standard, control or animal",
        metadata={"scope": "row", "references": "animals.unit_id", "where": {"role": "sample"}},
    )
    concentration: Series[float] = pa.Field(
        ge=0,
        nullable=True,
        description="nominal concentration of a standard, or what was added",
        metadata={"scope": "row", "unit": "pg/mL"},
    )
    dilution: Series[float] = pa.Field(
        ge=1, nullable=True, description="dilution of the sample", metadata={"scope": "row", "unit": "fold"}
    )
    nominal: Series[float] | None = pa.Field(
        ge=0,
        nullable=True,
        description="known concentration of a control, undiluted",
        metadata={"scope": "row", "unit": "pg/mL"},
    )
    bridge: Series[str] | None = pa.Field(
        nullable=True,
        description="what plates share: wells with one name hold the same material, a pool or a sample",
        metadata={"scope": "row"},
    )

    @pa.check(
        "unit_id",
        error="a well from A1 to AF48, written as the reader writes it",
        **fields.rule(
            "unit_id",
            example="A01, or a1, where the reader writes A1",
            mend="write the wells of the layout as the reader's export does",
        ),
    )
    def well_name(cls, wells: pd.Series) -> pd.Series:
        """Wells are named by row and column, as the reader names them: A1 to H12 on a plate of 96."""
        return wells.str.fullmatch(WELL)

    @pa.dataframe_check(
        error="a concentration for every standard",
        **fields.rule("concentration", "role", example="a standard's well with a blank concentration"),
    )
    def standard_without_concentration(cls, frame: pd.DataFrame) -> pd.Series:
        """Standards need their concentration."""
        return frame["role"].ne("standard") | frame["concentration"].notna()

    @pa.dataframe_check(
        error="a dilution for every sample (1: undiluted)",
        **fields.rule("dilution", "role", example="an animal's well with a blank dilution"),
    )
    def sample_without_dilution(cls, frame: pd.DataFrame) -> pd.Series:
        """Samples need their dilution."""
        return frame["role"].ne("sample") | frame["dilution"].notna()

    @pa.dataframe_check(
        error="a known concentration for controls alone",
        **fields.rule(
            "nominal",
            "role",
            example="an animal's well with a known concentration",
            mend="give the well the role control, or take its known concentration out",
        ),
    )
    def nominal_without_control(cls, frame: pd.DataFrame) -> pd.Series:
        """A known concentration, above zero, is a control's."""
        row = frame.reindex(columns=["nominal", "role"])
        return row["nominal"].isna() | (row["role"].eq("control") & row["nominal"].gt(0))

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "the laboratory's layout sheet as this project declares it: every well maps to one standard, "
            "control or animal"
        }
