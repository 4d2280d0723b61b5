"""The same rows as ``forced_swim``, by batch and strain: both treatments of a batch and strain are one matched pair."""

from pandera.typing import Series

from omtrace.schemas import _fields as fields
from omtrace.schemas import forced_swim


class ForcedSwimPairs(forced_swim.ForcedSwim):
    """One mouse in the forced swim test, of a batch and strain."""

    visit: Series[str] = fields.visit()

    class Config(forced_swim.ForcedSwim.Config):
        pass
