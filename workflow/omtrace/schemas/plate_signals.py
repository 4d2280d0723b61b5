"""Plate readings: one row a plate, read (wavelength) and well."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class PlateSignals(fields.TableModel):
    """The reading of one well at one wavelength."""

    unit_id: Series[str] = pa.Field(description="the well: plate / well")
    wavelength: Series[str] = pa.Field(description="wavelength in nm, which names the read")
    signal: Series[float] = pa.Field(
        ge=-0.5, le=6.0, description="absorbance", metadata={"scope": "row", "unit": "OD", "reading": True}
    )

    class Config:
        unique = ["unit_id", "wavelength"]
        metadata = {
            "source": "raw reads of a plate reader's export; bounds wider than the range of the readers, declared by "
            "this project"
        }
