"""When the assessments took place: one row a participant and visit."""

from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Visits(fields.TableModel):
    """One assessment visit of a participant."""

    unit_id: Series[str] = fields.unit("participant")
    visit: Series[str] = fields.visit()
    visit_on: Series[DateTime] = fields.day("day of the assessment")

    class Config:
        unique = ["unit_id", "visit"]
        metadata = {"source": "the study's visit schedule as this project declares it; windows are the plan's matter"}
