"""Who gives the treatment: one row a provider, under a pseudonym."""

import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields


class Providers(fields.TableModel):
    """One provider of the treatment."""

    provider_id: Series[str] = pa.Field(description="pseudonym of who gave the treatment")
    site: Series[str] | None = pa.Field(nullable=True, description="study site")
    credential: Series[str] = pa.Field(
        isin=["DO", "MD", "osteopath", "physiotherapist", "student"],
        description="licence to practise: doctor of osteopathic medicine (DO), doctor of medicine (MD), or another",
    )
    trained_on: Series[DateTime] = fields.day("day of training in the technique of the protocol", nullable=True)
    training_hours: Series[float] = pa.Field(
        ge=0, le=2000, nullable=True, description="hours of that training", metadata={"unit": "h"}
    )

    class Config:
        unique = ["provider_id"]
        metadata = {
            "source": "the delegation log as this project declares it; TIDieR, doi:10.1136/bmj.g1687, item 5, asks who "
            "provided, with expertise and specific training"
        }
