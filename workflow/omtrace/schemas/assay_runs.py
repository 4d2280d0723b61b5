"""Standard curves of repeated assay runs: one row a well."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class AssayRuns(fields.TableModel):
    """One well of an assay run."""

    unit_id: Series[str] = pa.Field(description="the well: run and row of the file")
    run: Series[str] = pa.Field(description="assay run", metadata={"scope": "row"})
    concentration: Series[float] = pa.Field(
        ge=0, description="concentration of the standard", metadata={"scope": "row", "unit": "ng/mL"}
    )
    signal: Series[float] = pa.Field(
        ge=-0.5, le=6.0, description="optical density", metadata={"scope": "row", "unit": "OD"}
    )

    class Config:
        unique = ["unit_id"]
        metadata = {
            "source": "Davidian and Giltinan 1995, Nonlinear Models for Repeated Measurement Data; DNase in R's "
            "datasets"
        }
