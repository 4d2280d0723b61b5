"""Units with every one of several measurements, and a limit to how many may be lost for lack of one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call
from omtrace.faults import Refusal
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet


class ListwiseOptions(Closed):
    """What every analysis of complete cases may be told."""

    most_lost: float = Field(
        0.2, description="the largest share of the population that may be left out for a missing value", ge=0, lt=1
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def complete(call: Call, measurements: Sequence[tuple[str, str]]) -> "AnalysisSet":
    """The units with all measurements (parameter, visit). Raises Fault if too many lack one, or nobody is left."""
    analysis_set = call.data.select_complete(call.entry.population, measurements)
    lost, kept = analysis_set.missing(), len(analysis_set.frame)
    share = lost / (lost + kept) if lost + kept else 1.0
    if share > call.options.most_lost + 1e-9:
        unit = call.dataset.unit
        raise Refusal(
            f"analysis {call.name}, {', '.join(dict.fromkeys(p for p, _ in measurements))}: {lost} of {lost + kept} "
            f"{unit}s ({100 * share:.0f}%) lack one of {len(measurements)} values and would be left out, more than "
            f"most_lost: {call.options.most_lost:g} allows; raise it, drop a visit or parameter, or take method mmrm"
        )
    return analysis_set
