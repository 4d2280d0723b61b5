"""Plate readings: one row a plate, read (wavelength) and well."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class PlateSignals(fields.TableModel):
    """The reading of one well at one wavelength."""

    unit_id: Series[str] = pa.Field(description="the well: plate / well")
    wavelength: Series[str] = pa.Field(description="wavelength in nm, which names the read")
    signal: Series[float] = pa.Field(
        description="absorbance, fluorescence or luminescence",
        metadata={"scope": "row", "unit": "as read", "reading": True},
    )

    class Config:
        unique = ["unit_id", "wavelength"]
        metadata = {
            "source": "raw reads of a plate reader's export; what they can be depends on the reader, and is the plan's "
            "matter"
        }
