"""What the analyses of imputed values share: options, the units and their drop-out, the imputation model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Number
from omtrace.analyses.mmrm import TAKEN, Structure
from omtrace.faults import Fault
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.missing.imputation import Imputer
    from omtrace.statistics.missing.imputed_comparison import ConditionalMeans, Draws

Strategy = Literal["MAR", "J2R", "CIR", "CR", "LMCF"]
ATTENDED = ("observed", "quarantined", "incomplete")  # a status that begins so belongs to a visit that took place
APPROACHES = {"conditional_mean": "jackknife", "bayesian": "Rubin's rules"}  # what the standard error is


class Terms(Closed):
    """The terms of the models, and how values are imputed."""

    baseline: bool = Field(True, description="adjust for the outcome's own baseline, with a slope at each visit")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    structures: tuple[Structure, ...] = Field(
        ("us", "toeph", "arh1", "csh"),
        description="covariances of the visits in the imputation model, tried in this order",
        min_length=1,
    )
    by_group: bool = Field(False, description="each group has a covariance of its own")
    approach: Literal["conditional_mean", "bayesian"] = Field(
        "conditional_mean",
        description="conditional means with the jackknife (no chance), or draws (bootstrap of the imputation model) "
        "with Rubin's rules",
    )
    imputations: int = Field(1000, description="draws of the approach bayesian", ge=2, le=100_000)
    seed: int = Field(1, description="of the approach bayesian; the study's and analysis' names go in too", ge=0)
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


@dataclass(frozen=True)
class Imputing:
    """A parameter made ready: who is used, the imputation model, and a comparison for every strategy and visit.

    ``pairs`` are the contrasts; a comparison's combinations are the adjusted means of ``groups``, then the pairs.
    """

    call: Call
    parameter: str
    visits: list[str]
    groups: list[str]
    pairs: list[tuple[str, str]]
    chosen: "AnalysisSet"
    imputer: "Imputer"
    made: "ConditionalMeans | Draws"

    @property
    def rows(self) -> "Rows":
        """The units of all groups of the model: each with its observed values, and those to be imputed."""
        return self.chosen.rows(self.groups)

    def imputed_at(self, visit: str) -> dict[str, str]:
        """Unit -> why its value at a visit is missing, of the units whose value is imputed."""
        block = self.call.data.plain(self.parameter, visit)
        return {unit: block[unit][1] for unit in self._units if block[unit][1] != "observed"}

    def counts(self, group: str, visit: str) -> Iterator[Number]:
        """How many units of a group are analysed at a visit; observed, imputed, and imputed after drop-out."""
        mine = self.chosen.of_group(group).index
        missing = {unit: status for unit, status in self.imputed_at(visit).items() if unit in set(mine)}
        left = dict(zip(self._units, self.imputer.trial.left, strict=True))
        gone = sum(left[unit] <= self.visits.index(visit) for unit in missing)
        yield from self.call.numbers(self.parameter, group, visit, {"n": len(mine)}, self.chosen.rows([group]))
        seen = self.chosen.rows([group], {unit: f"imputed: {status}" for unit, status in missing.items()})
        values = {"observed": len(mine) - len(missing), "imputed": len(missing), "imputed_after_drop_out": gone}
        yield from self.call.numbers(self.parameter, group, visit, values, seen)

    def model(self, rows: "Rows") -> Iterator[Number]:
        """The covariances tried in the imputation model, in words as level, and bootstrap samples not fitted."""
        from omtrace.statistics.missing.imputed_comparison import Draws

        for name, reason in self.imputer.rejected:
            level = f"imputation model, covariance {name}: {reason}"
            yield from self.call.numbers(self.parameter, "all", "", {"fitted": 0}, rows, level=level)
        values: dict[str, float] = {"fitted": 1, "n": len(self._units)}
        values["covariance_parameters"] = self.imputer.model.parameters
        if isinstance(self.made, Draws):
            values |= {"imputations": self.call.options.imputations, "samples_refused": self.made.refused}
        words = f"imputation model, covariance {self.imputer.structure}, REML"
        yield from self.call.numbers(self.parameter, "all", "", values, rows, level=words)

    @property
    def _units(self) -> list[str]:
        frame = self.chosen.frame
        return list(frame.index[frame["group"].isin(self.groups)])


def imputing(call: Call, parameter: str, pairs: Sequence[tuple[str, str]], reference: str) -> Imputing:
    """A parameter made ready for ``pairs`` of groups, all named in the model; ``reference`` is that of the strategies.

    Raises Fault for groups that there are not, covariates that cannot be, and a model that cannot be fitted.
    """
    o = call.options
    for pair in [*pairs, (reference, reference)]:
        call.contrast(*pair)
    for name in o.covariates:
        call.need(name)
    if taken := [name for name in (*o.covariates, *o.factors) if name in TAKEN]:
        raise Fault(f"analysis {call.name}: a covariate may not be named {taken[0]!r}; rename the parameter")
    named = {group for pair in pairs for group in pair} | {reference}
    groups = [group for group in call.dataset.groups if group in named]
    if len(groups) < 2:
        raise Fault(f"analysis {call.name}: fewer than 2 groups are compared")
    visits = _visits(call, parameter)
    base = call.baseline() if o.baseline else ""
    chosen = call.data.select(
        call.entry.population, parameter, visits, base, (*o.covariates, *o.factors), True, "imputed"
    )
    try:
        imputer = _imputer(call, parameter, visits, groups, reference, chosen)
        made = _made(call, imputer, _weights(imputer, groups, pairs))
    except ValueError as error:
        raise Fault(f"analysis {call.name}, {parameter}: {error}") from None
    return Imputing(call, parameter, visits, groups, list(pairs), chosen, imputer, made)


def analysed(call: Call, found: Imputing) -> list[str]:
    """The visits whose results are given, in time order. Raises Fault for none."""
    asked = [visit for visit in found.visits if visit in (call.entry.visits or found.visits)]
    if not asked:
        raise Fault(f"analysis {call.name}, {found.parameter}: no visit after baseline is analysed")
    return asked


def _visits(call: Call, parameter: str) -> list[str]:
    """All visits of a parameter after baseline: the imputation model uses every one."""
    scheduled = call.dataset.parameters[parameter].visits
    order = list(call.dataset.visits)
    after = order.index(call.dataset.baseline) if call.dataset.baseline else -1
    visits = [visit for visit in order[after + 1 :] if visit in scheduled]
    if len(visits) < 2:
        raise Fault(f"analysis {call.name}, {parameter}: {len(visits)} visits after baseline; imputation needs two")
    for visit in visits:
        call.need(parameter, visit)
    return visits


def _imputer(call: Call, parameter: str, visits: list[str], groups: list[str], reference: str,
             chosen: "AnalysisSet") -> "Imputer":  # fmt: skip
    from omtrace.statistics.missing.imputation import Imputer, trial_of

    o = call.options
    by_visit = ["baseline"] if o.baseline else []
    frame = chosen.frame[chosen.frame["group"].isin(groups)]
    frame = frame.astype(dict.fromkeys([*visits, *by_visit, *o.covariates], "float64"))
    statuses = [call.data.plain(parameter, visit) for visit in visits]
    left = [_left([block[unit][1] for block in statuses]) for unit in frame.index]
    terms = (by_visit, o.covariates, o.factors)
    trial = trial_of(frame, visits, "group", groups, reference, left, *terms)
    return Imputer(trial, o.structures, o.by_group)


def _left(statuses: Sequence[str]) -> int:
    """The first visit after the last one that took place."""
    return max((at + 1 for at, status in enumerate(statuses) if status.startswith(ATTENDED)), default=0)


def _weights(imputer: "Imputer", groups: list[str], pairs: Sequence[tuple[str, str]]) -> list[list[float]]:
    """The combinations of an analysis' columns: adjusted means of the groups, then differences of the pairs."""
    columns = imputer.trial.terms().shape[1]
    means = [[float(i == at) for i in range(columns)] for at in range(len(groups))]
    of = dict(zip(groups, means, strict=True))
    return [*means, *([a - b for a, b in zip(of[one], of[two], strict=True)] for one, two in pairs)]


def _made(call: Call, imputer: "Imputer", weights: list[list[float]]) -> "ConditionalMeans | Draws":
    import numpy

    from omtrace.statistics.missing.imputed_comparison import ConditionalMeans, Draws

    o = call.options
    if o.approach == "conditional_mean":
        return ConditionalMeans(imputer, numpy.array(weights), o.level)
    return Draws(imputer, numpy.array(weights), o.imputations, call.generator(o.seed), o.level)
