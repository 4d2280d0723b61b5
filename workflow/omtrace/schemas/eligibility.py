"""What a trial asks before it treats somebody: earlier treatment, reasons not to treat, and what the site ticked.

One row a participant. Which of the answers exclude is the plan's matter, as is age: ``checks`` with the crosscheck
``eligibility``, and the derivation ``criteria``.
"""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields

SAFETY = "WHO, Benchmarks for training in osteopathy, 2010, on safety; grouped by this project"


def answer(description: str, source: str = "") -> Any:
    """A column that is 1 for yes and 0 for no; ``source``: where it is not the table's."""
    metadata = {"unit": "code", **({"source": source} if source else {})}
    return pa.Field(isin=[0, 1], nullable=True, description=f"{description} (1 yes)", metadata=metadata)


class Eligibility(fields.TableModel):
    """The eligibility answers of one participant."""

    unit_id: Series[str] = fields.unit("participant")
    botox_ever: Series[pd.Int64Dtype] = answer("onabotulinumtoxinA for headache, now or before")
    topiramate_12m: Series[pd.Int64Dtype] = answer("topiramate in the last 12 months")
    pregnant: Series[pd.Int64Dtype] | None = answer("pregnancy, as the participant says")
    secondary_headache: Series[pd.Int64Dtype] | None = answer("headache attributed to another disorder")
    fibromyalgia: Series[pd.Int64Dtype] | None = answer("fibromyalgia")
    spinal_condition: Series[pd.Int64Dtype] | None = answer(
        "condition of the spine that forbids treatment: fracture, instability, compression of cord or nerve root, "
        "recent surgery",
        SAFETY,
    )
    cervical_artery: Series[pd.Int64Dtype] | None = answer(
        "sign or history of a dissection, or of another disease, of the arteries of the neck", SAFETY
    )
    bleeding_risk: Series[pd.Int64Dtype] | None = answer(
        "bleeding disorder, or anticoagulation beyond its range", SAFETY
    )
    malignancy_infection: Series[pd.Int64Dtype] | None = answer(
        "malignancy or infection in the region, or fever", SAFETY
    )
    other_reason: Series[pd.Int64Dtype] | None = answer(
        "another reason not to treat, in the judgement of the treating physician"
    )
    medication_overuse: Series[pd.Int64Dtype] | None = answer(
        "overuse of acute medication, as the site ticked it", "ICHD-3, 8.2"
    )

    class Config:
        unique = ["unit_id"]
        metadata = {"source": "answers to the exclusion criteria of NCT04520425"}
