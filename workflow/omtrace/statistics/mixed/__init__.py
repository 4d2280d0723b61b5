"""Mixed models, and mixed models for repeated measures: ``mmrm`` on a data frame."""

from omtrace.statistics.mixed.mmrm_visits import MmrmResult, mmrm

__all__ = ["MmrmResult", "mmrm"]
