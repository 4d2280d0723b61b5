"""What was done to the animals: one row an animal, procedure and day."""

import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Procedures(fields.TableModel):
    """One procedure on one animal on one day."""

    unit_id: Series[str] = fields.unit("animal", references="animals.unit_id")
    procedure: Series[str] = pa.Field(description="what was done")
    done_on: Series[DateTime] = fields.day("day of the procedure")
    dose: Series[float] = pa.Field(
        ge=0,
        nullable=True,
        description="dose; blank for a procedure without a substance",
        metadata={"unit": "as in dose_unit"},
    )
    dose_unit: Series[str] = pa.Field(nullable=True, description="unit of the dose")
    route: Series[str] = pa.Field(nullable=True, description="route of the dose")
    operator: Series[str] | None = pa.Field(nullable=True, description="pseudonym of who did it")

    @pa.dataframe_check(
        error="dose, unit and route together, or none of them",
        **fields.rule(
            "dose",
            "dose_unit",
            "route",
            example="10 without a unit, or mg/kg without a dose",
            mend="fill in what the procedure record says",
        ),
    )
    def dose_complete(cls, frame: pd.DataFrame) -> pd.Series:
        """A dose has a unit and a route, and neither stands without a dose."""
        given = frame["dose"].notna()
        return (given == frame["dose_unit"].notna()) & (given == frame["route"].notna())

    class Config:
        unique = ["unit_id", "procedure", "done_on"]
        metadata = {"source": "ARRIVE 2.0, item 9: procedure, dose, route and time"}
