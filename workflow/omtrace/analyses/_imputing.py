"""What the analyses of imputed values share: options, the units and their drop-out, the imputation model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Number
from omtrace.analyses.mmrm import TAKEN, Structure
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.missing import ImputedTrial

Strategy = Literal["MAR", "J2R", "CIR", "CR", "LMCF"]
Approach = Literal["posterior", "bootstrap", "conditional_mean"]
ATTENDED = ("observed", "quarantined", "incomplete")  # a status that begins so belongs to a visit that took place
LAST = "last_visit"  # column of the model's frame: the last visit that took place
APPROACH_WORDS = (
    "posterior: draws from the posterior of the imputation model, Rubin's rules; bootstrap: fits to bootstrap samples "
    "in place of these; conditional_mean: no chance, errors by the jackknife"
)


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
    by_group: bool = Field(False, description="in the imputation model each group has a covariance of its own")
    baseline_by_group: bool = Field(
        False,
        description="in the imputation model each group has slopes of the baseline of its own; with by_group and no "
        "other terms, missing at random imputes each group by itself",
    )
    imputations: int = Field(1000, description="draws of the approaches posterior and bootstrap", ge=2, le=100_000)
    seed: int = Field(1, description="of the draws; the study's and analysis' names go in too", ge=0)
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
    reference: str
    used: "AnalysisSet"
    approaches: Sequence[Approach]

    @cached_property
    def imputed(self) -> "ImputedTrial":
        """The imputation model, and the comparisons of each approach. Raises Refusal where it cannot be fitted."""
        from omtrace.statistics.missing import impute

        o = self.call.options
        try:
            return impute(
                _long(self),
                "value",
                "unit",
                "visit",
                "group",
                "baseline" if o.baseline else None,
                covariates=o.covariates,
                factors=o.factors,
                visits=self.visits,
                arms=self.groups,
                reference=self.reference,
                contrasts=self.pairs,
                last_visit=LAST,
                approaches=self.approaches,
                structures=o.structures,
                covariance_by_arm=o.by_group,
                baseline_by_arm=o.baseline_by_group,
                imputations=o.imputations,
                generator=self.call.generator(o.seed),
                level=o.level,
            )
        except ValueError as error:
            raise Refusal(f"analysis {self.call.name}, {self.parameter}: {error}") from None

    @cached_property
    def rows(self) -> "Rows":
        """The units of all groups of the model: each with its observed values, and those to be imputed."""
        return self.used.rows(self.groups)

    def imputed_at(self, visit: str) -> dict[str, str]:
        """Unit -> why its value at a visit is missing, of the units whose value is imputed."""
        block = self.call.data.plain(self.parameter, visit)
        return {unit: block[unit][1] for unit in self._units if block[unit][1] != "observed"}

    def attended(self, unit: str) -> int:
        """How many visits of a unit there were up to the last one that took place."""
        return _attended([self.call.data.plain(self.parameter, visit)[unit][1] for visit in self.visits])

    def need_model(self) -> Iterator[Number]:
        """Nothing, where there is a model; else what is counted without it. Raises its Refusal then."""
        try:
            _ = self.imputed
        except Refusal:
            for visit, group in product(analysed(self.call, self), self.groups):
                yield from self.counts(group, visit)
            raise

    def counts(self, group: str, visit: str) -> Iterator[Number]:
        """How many units of a group are analysed at a visit; observed, imputed, and imputed after drop-out."""
        mine = self.used.of_group(group).index
        missing = {unit: status for unit, status in self.imputed_at(visit).items() if unit in set(mine)}
        gone = sum(self.attended(unit) <= self.visits.index(visit) for unit in missing)
        target = self.call.of(self.parameter, visit)
        yield from target.numbers(group, {"n": len(mine)}, self.used.rows([group]))
        seen = self.used.rows([group], {unit: f"imputed: {status}" for unit, status in missing.items()})
        values = {"observed": len(mine) - len(missing), "imputed": len(missing), "imputed_after_drop_out": gone}
        yield from target.numbers(group, values, seen)

    def model(self, rows: "Rows") -> Iterator[Number]:
        """The covariances tried in the imputation model, in words as level, and bootstrap samples not fitted."""
        imputer, made, target = self.imputed.imputer, self.imputed.made, self.call.of(self.parameter)
        for name, reason in imputer.rejected:
            level = f"imputation model, covariance {name}: {reason}"
            yield from target.numbers("all", {"fitted": 0}, rows, level)
        values: dict[str, float] = {"fitted": 1, "n": len(self._units)}
        values["covariance_parameters"] = imputer.model.parameters
        if drawn := [draws for draws in made.values() if hasattr(draws, "refused")]:
            values["imputations"] = self.call.options.imputations
            if "bootstrap" in made:
                values["samples_refused"] = sum(draws.refused for draws in drawn)
        words = f"imputation model, covariance {imputer.structure}, REML"
        if "posterior" in made and imputer.structure != "us":
            words += "; draws from the posterior of an unstructured one, of which this is the prior mean"
        yield from target.numbers("all", values, rows, words)

    @property
    def _units(self) -> list[str]:
        frame = self.used.frame
        return list(frame.index[frame["group"].isin(self.groups)])


def imputing(
    call: Call, parameter: str, pairs: Sequence[tuple[str, str]], reference: str, approaches: Sequence[Approach]
) -> Imputing:
    """A parameter made ready for ``pairs`` of groups, all named in the model; ``reference`` is that of the strategies.

    Raises Fault for groups that there are not, and covariates that cannot be.
    """
    o = call.options
    for pair in [*pairs, (reference, reference)]:
        call.contrast(*pair)
    for name in o.covariates:
        call.need(name)
    if taken := [name for name in (*o.covariates, *o.factors) if name in (*TAKEN, LAST)]:
        raise Fault(f"analysis {call.name}: a covariate may not be named {taken[0]!r}; rename the parameter")
    named = {group for pair in pairs for group in pair} | {reference}
    groups = [group for group in call.dataset.groups if group in named]
    if len(groups) < 2:
        raise Fault(f"analysis {call.name}: fewer than 2 groups are compared")
    visits = _visits(call, parameter)
    base = call.baseline() if o.baseline else ""
    used = call.data.select(
        call.entry.population, parameter, visits, base, (*o.covariates, *o.factors), True, "imputed"
    )
    return Imputing(call, parameter, visits, groups, list(pairs), reference, used, approaches)


def analysed(call: Call, imputation: Imputing) -> list[str]:
    """The visits whose results are given, in time order. Raises Fault for none."""
    visits = [visit for visit in imputation.visits if visit in (call.entry.visits or imputation.visits)]
    if not visits:
        raise Refusal(f"analysis {call.name}, {imputation.parameter}: no visit after baseline is analysed")
    return visits


def _visits(call: Call, parameter: str) -> list[str]:
    """All visits of a parameter after baseline: the imputation model uses every one."""
    scheduled = call.dataset.parameters[parameter].visits
    order = list(call.dataset.visits)
    after = order.index(call.dataset.baseline) if call.dataset.baseline else -1
    visits = [visit for visit in order[after + 1 :] if visit in scheduled]
    if len(visits) < 2:
        visits_planned = f"{len(visits)} visit{'s' * (len(visits) != 1)}"
        raise Refusal(
            f"analysis {call.name}, {parameter}: {visits_planned} after baseline; imputation needs two, "
            "since its model is one for repeated measures"
        )
    for visit in visits:
        call.need(parameter, visit)
    return visits


def _long(imputing: Imputing) -> "pandas.DataFrame":
    """A row for each unit and visit, with the last visit that took place."""
    o, visits, frame = imputing.call.options, imputing.visits, imputing.used.frame
    numeric = [*(["baseline"] if o.baseline else []), *o.covariates]
    frame = frame[frame["group"].isin(imputing.groups)].astype(dict.fromkeys([*visits, *numeric], "float64"))
    attended = [imputing.attended(unit) for unit in frame.index]
    frame = frame.assign(**{LAST: [visits[count - 1] if count else None for count in attended]})
    long = frame.rename_axis("unit").reset_index()
    return long.melt(["unit", "group", LAST, *numeric, *o.factors], visits, "visit", "value")


def _attended(statuses: Sequence[str]) -> int:
    """How many visits there were up to the last one that took place."""
    return max((place + 1 for place, status in enumerate(statuses) if status.startswith(ATTENDED)), default=0)
