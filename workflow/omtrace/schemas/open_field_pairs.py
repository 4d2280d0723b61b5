"""The same rows as ``open_field``, by batch and strain: both treatments of a batch and strain are one matched pair."""

from pandera.typing import Series

from omtrace.schemas import _fields as fields
from omtrace.schemas import open_field


class OpenFieldPairs(open_field.OpenField):
    """One mouse in the open field, of a batch and strain."""

    visit: Series[str] = fields.visit()

    class Config(open_field.OpenField.Config):
        pass
