"""Cages: one row a cage."""

import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Cages(fields.TableModel):
    """One cage."""

    cage_id: Series[str] = pa.Field(description="cage")
    room: Series[str] = pa.Field(description="room")
    rack_row: Series[str] = pa.Field(description="row of the rack")

    class Config:
        unique = ["cage_id"]
        metadata = {"source": "ARRIVE 2.0, item 4: where cages stand is recorded"}
