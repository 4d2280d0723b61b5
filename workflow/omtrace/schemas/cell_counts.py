"""Labelled cells in tissue sections: one row an animal, marker and section."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class CellCounts(fields.TableModel):
    """One section of an animal, counted for one marker."""

    unit_id: Series[str] = fields.unit("animal", references="animals.unit_id")
    marker: Series[str] = pa.Field(description="what was labelled, and where")
    section: Series[pd.Int64Dtype] = pa.Field(ge=1, description="section, numbered from 1", metadata={"unit": "1"})
    count: Series[pd.Int64Dtype] = pa.Field(ge=0, description="labelled cells", metadata={"unit": "cells"})

    class Config:
        unique = ["unit_id", "marker", "section"]
        metadata = {
            "source": "markers as in Byrd 2024, doi:10.3389/fpain.2024.1280589: c-Fos in the trigeminal nucleus "
            "caudalis, CGRP in the trigeminal ganglion"
        }
