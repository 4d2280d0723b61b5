"""Animals that were excluded, with the reason: one row an animal."""

import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Exclusions(fields.TableModel):
    """One animal that was excluded."""

    unit_id: Series[str] = fields.unit("animal", references="animals.unit_id")
    stage: Series[str] = pa.Field(
        isin=["before_allocation", "treatment", "measurement", "analysis"],
        description="when it was excluded",
        metadata={"scope": "row"},
    )
    reason: Series[str] = pa.Field(
        description="code of the reason, as stated beforehand in the plan", metadata={"scope": "row"}
    )
    excluded_on: Series[DateTime] = fields.day("day of the exclusion", nullable=True)

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "ARRIVE 2.0, item 3: exclusions with reasons, by criteria set beforehand"}
