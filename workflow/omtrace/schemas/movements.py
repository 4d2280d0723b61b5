"""What was done in a treatment session: one row a movement."""

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from omtrace.schemas import _fields as fields

TECHNIQUES = (
    "myofascial_release",
    "suboccipital_decompression",
    "cervical_mobilisation",
    "cranial",
    "soft_tissue",
    "muscle_energy",
)
REGIONS = (
    "cranium",
    "suboccipital",
    "cervical_posterior",
    "cervical_anterior",
    "shoulder_girdle",
    "thoracic_inlet",
    "thoracic_spine",
)
SHAM = ("light_touch", "static_contact", "sham_device")


class Movements(fields.TableModel):
    """One movement of a treatment session of a participant."""

    unit_id: Series[str] = fields.unit("participant")
    session: Series[str] = pa.Field(description="which session")
    movement: Series[pd.Int64Dtype] = pa.Field(
        ge=1, le=30, description="place of the movement in the order of the session", metadata={"unit": "count"}
    )
    technique: Series[str] = pa.Field(
        isin=TECHNIQUES, description="technique that was given, or that the sham stands in for"
    )
    region: Series[str] = pa.Field(isin=REGIONS, description="region of the body that was treated")
    seconds: Series[pd.Int64Dtype] = pa.Field(
        ge=1, le=1800, nullable=True, description="how long the movement lasted", metadata={"unit": "s"}
    )
    sham_contact: Series[str] | None = pa.Field(
        isin=SHAM, nullable=True, description="contact given in place of the technique; blank: the technique itself"
    )

    class Config:
        unique = ["unit_id", "session", "movement"]
        metadata = {
            "source": "the treatment log as this project declares it; five movements of one minute each as in Burke "
            "2023, doi:10.1370/afm.22.s1.5587"
        }
