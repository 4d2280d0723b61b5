"""Treatment sessions: one row an attended session."""

import pandas as pd
import pandera.pandas as pa
from pandera.engines.pandas_engine import DateTime
from pandera.typing import Series

from omtrace.schemas import _fields as fields

MOVEMENTS = 5  # of one minute each


class Sessions(fields.TableModel):
    """One attended treatment session of a participant."""

    unit_id: Series[str] = fields.unit("participant")
    session: Series[str] = pa.Field(description="which session")
    session_on: Series[DateTime] = fields.day("day of the session")
    movements_done: Series[pd.Int64Dtype] = pa.Field(
        ge=0,
        le=MOVEMENTS,
        nullable=True,
        description="myofascial release movements done (the protocol has five)",
        metadata={"unit": "count"},
    )
    minutes: Series[pd.Int64Dtype] = pa.Field(
        ge=0,
        le=30,
        nullable=True,
        description="minutes of release in all (the protocol has five)",
        metadata={"unit": "min"},
    )
    provider_id: Series[str] | None = pa.Field(
        nullable=True,
        description="pseudonym of who gave the treatment",
        metadata={"references": "providers.provider_id"},
    )

    @pa.check(
        "movements_done",
        error=f"all {MOVEMENTS} movements of the protocol",
        **fields.rule(
            "movements_done",
            severity="note",
            example="4 movements in a session",
            mend="nothing, if the record is right: it counts as a session that was not complete",
        ),
    )
    def session_movements(cls, done: pd.Series) -> pd.Series:
        """A complete session has all movements."""
        return done == MOVEMENTS

    @pa.dataframe_check(
        error="one minute for each movement done",
        **fields.rule(
            "minutes",
            "movements_done",
            severity="note",
            example="5 movements in 8 minutes",
            mend="nothing, if the record is right; else correct it at the site",
        ),
    )
    def session_minutes(cls, frame: pd.DataFrame) -> pd.Series:
        """Each movement lasts a minute."""
        return frame["minutes"].eq(frame["movements_done"]).fillna(True)

    class Config:
        unique = ["unit_id", "session"]
        metadata = {"source": "Burke 2023, doi:10.1370/afm.22.s1.5587: five standardised movements of one minute each"}
