"""Group tables that a plate reader's software prints: one row a well of a standard, sample or control."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class PlateGroups(fields.TableModel):
    """One well in a group table of the reader's software."""

    unit_id: Series[str] = pa.Field(description="the well: export / plate / well")
    plate: Series[str] = pa.Field(description="plate, counted in its file", metadata={"scope": "row"})
    plate_id: Series[str] = pa.Field(description="export and plate", metadata={"scope": "row"})
    group: Series[str] = pa.Field(description="group of the reader's software", metadata={"scope": "row"})
    role: Series[str] = pa.Field(
        isin=["standard", "sample", "control"], description="what the well holds", metadata={"scope": "row"}
    )
    sample: Series[str] = pa.Field(
        nullable=True, description="sample as named by the laboratory", metadata={"scope": "row"}
    )
    concentration: Series[float] = pa.Field(
        ge=0,
        nullable=True,
        description="nominal concentration of a standard",
        metadata={"scope": "row", "unit": "pg/mL"},
    )
    value: Series[float] = pa.Field(
        nullable=True,
        description="signal as printed",
        metadata={"scope": "row", "unit": "as read"},
    )
    back_calculated: Series[float] = pa.Field(
        nullable=True, description="concentration as printed by the software", metadata={"unit": "pg/mL"}
    )
    dilution: Series[float] = pa.Field(
        ge=1, nullable=True, description="dilution of the sample", metadata={"scope": "row", "unit": "fold"}
    )

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "group tables of SoftMax Pro exports, as in Feng 2019, PLoS ONE 14(4):e0209060"}
