"""What the regression models of counts, of yes or no, and of ordered categories have in common."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Number, Target
from omtrace.faults import Refusal
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.linear.design import Alike, Terms


class Regression(Closed):
    """Which groups and which terms."""

    contrasts: tuple[tuple[str, str], ...] = Field(
        description="pairs: group of interest, reference; all groups named here are in the model", min_length=1
    )
    baseline: bool = Field(False, description="adjust for the outcome's own baseline")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    def groups(self, declared: list[str]) -> list[str]:
        """The groups in the model, in the dataset's order, the reference of the first contrast first."""
        named = {name for pair in self.contrasts for name in pair}
        return sorted((name for name in declared if name in named), key=lambda name: name != self.contrasts[0][1])


def targets(
    call: Call, holds: Literal["anything", "numbers", "yes or no"], exposure: str = ""
) -> Iterator[tuple[Target, "AnalysisSet", "pandas.DataFrame"]]:
    """Each parameter and visit after baseline, with who is used, and the frame of the groups in the model.

    Raises Fault for groups and covariates that cannot be.
    """
    o = call.options
    for pair in o.contrasts:
        call.contrast(*pair)
    for name in o.covariates:
        call.need(name)
    for target in call.targets(holds):
        if target.visit and target.visit == call.dataset.baseline:
            continue
        base = call.baseline(target.parameter) if o.baseline else ""
        analysis_set = call.data.select(
            call.entry.population,
            target.parameter,
            target.visit,
            base,
            (*o.covariates, *o.factors),
            True,
            exposure=exposure,
        )
        frame = analysis_set.frame[analysis_set.frame["group"].isin(o.groups(list(call.dataset.groups)))]
        numeric = [*(["baseline"] if base else []), *o.covariates, *(["exposure"] if exposure else [])]
        yield target, analysis_set, frame.astype(dict.fromkeys(numeric, "float64"))


def terms_of(call: Call) -> "Terms":
    """The terms of the model."""
    from omtrace.statistics.linear.design import Terms

    o = call.options
    numeric = [*(["baseline"] if o.baseline else []), *o.covariates]
    return Terms("value", "group", o.groups(list(call.dataset.groups)), None, numeric, o.factors)


def refused(target: Target, error: ValueError) -> Refusal:
    """The refusal of a model that cannot be fitted."""
    return Refusal(
        f"analysis {target.call.name}, {target.parameter}{f' at {target.visit}' if target.visit else ''}: {error}"
    )


def silent_levels(
    target: Target,
    levels: "Sequence[Alike]",
    analysis_set: "AnalysisSet",
    frame: "pandas.DataFrame",
    what: str,
) -> Iterator[Number]:
    """How many rows have a level of a factor whose outcomes are all alike, so that they say nothing of a ratio."""
    groups = target.call.options.groups(list(target.call.dataset.groups))
    named: dict[str, str] = {}  # unit -> the level for which it was named
    for alike in levels:
        level = f"{alike.factor} {alike.level}: all {alike.outcome}, says nothing of the {what}"
        others = frame.index[frame[alike.factor] != alike.level]
        rows = analysis_set.rows(groups, named | dict.fromkeys(others, f"another level of {alike.factor}"))
        named |= dict.fromkeys(frame.index.difference(others), f"named for {alike.factor} {alike.level}")
        yield from target.numbers("all", {"n": float(alike.rows)}, rows, level)
