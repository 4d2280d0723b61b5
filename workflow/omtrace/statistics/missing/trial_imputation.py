"""A trial imputed and its arms compared: ``impute`` on a data frame."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from omtrace.statistics.missing.imputation import STRATEGIES, Imputer, Trial, trial_of
from omtrace.statistics.missing.imputed_comparison import ConditionalMeans, DrawComparison, Draws, MeanComparison
from omtrace.statistics.mixed.mmrm_fit import FALLBACK
from omtrace.statistics.mixed.mmrm_visits import check_labels, columns_of, order_of

if TYPE_CHECKING:
    import pandas

Approach = Literal["posterior", "bootstrap", "conditional_mean"]
Strategy = Literal["MAR", "J2R", "CIR", "CR", "LMCF"]
APPROACHES: dict[str, str] = {
    "posterior": "Rubin's rules",
    "bootstrap": "Rubin's rules, bootstrap",
    "conditional_mean": "jackknife",
}


@dataclass(frozen=True)
class ImputedTrial:
    """An imputed trial; ``print`` shows its differences under the strategies that were asked for.

    Attributes
    ----------
    imputer
        The imputation model, and the trial.
    response
        Name of the outcome.
    contrasts
        Pairs of arms that are compared.
    strategies
        What is shown by ``print``.
    made
        Approach -> comparisons at each visit, under each strategy.
    refused
        Approach that cannot be taken, where another can -> why: the model cannot be fitted without one of the units.
    """

    imputer: Imputer
    response: str
    contrasts: tuple[tuple[Hashable, Hashable], ...]
    strategies: tuple[Strategy, ...]
    made: dict[Approach, ConditionalMeans | Draws]
    refused: dict[Approach, str]

    @property
    def trial(self) -> Trial:
        """The units, their values and terms."""
        return self.imputer.trial

    def compare(self, approach: Approach, strategy: Strategy, visit: Hashable) -> MeanComparison | DrawComparison:
        """The comparison at a visit: its combinations are the adjusted means of the arms, then the contrasts."""
        return self.made[approach].compare(strategy, self.trial.visits.index(visit))

    def differences(
        self, visit: Hashable | None = None, delta: Mapping[Hashable, float] | None = None
    ) -> "pandas.DataFrame":
        """The differences at a visit (the last by default), a row a strategy, contrast and approach.

        ``delta``: arm -> a number that is added to its imputed values.
        """
        import pandas

        visit = self.trial.visits[-1] if visit is None else visit
        shift = [(delta or {}).get(arm, 0.0) for arm in self.trial.groups]
        rows = []
        for strategy in self.strategies:
            for place, (arm, reference) in enumerate(self.contrasts, len(self.trial.groups)):
                for approach in self.made:
                    numbers = self.compare(approach, strategy, visit).numbers(place, shift)
                    names = {"strategy": strategy, "arm": arm, "reference": reference, "errors": APPROACHES[approach]}
                    values = {name: numbers[name] for name in ("se", "ci_low", "ci_high", "p")}
                    rows.append({**names, "difference": numbers["estimate"], **values})
        return pandas.DataFrame(rows)

    def __str__(self) -> str:
        trial, imputer = self.trial, self.imputer
        missing = int((~trial.seen).sum())
        lines = [
            f"Imputation of {self.response}: {len(trial.units)} units, {missing} of {trial.seen.size} values imputed",
            f"Imputation model: covariance {imputer.structure}, REML",
            *(f"Covariance {name} was not fitted: {reason}" for name, reason in imputer.rejected),
            *(f"{APPROACHES[name]}: not computed, because {reason}" for name, reason in self.refused.items()),
            f"Differences at {trial.visits[-1]}",
            "",
        ]
        table = self.differences().to_string(index=False, float_format=lambda value: f"{value:.4g}")
        return "\n".join([*lines, *table.split("\n")])


def impute(
    data: "pandas.DataFrame",
    response: str,
    unit: str,
    visit: str,
    arm: str,
    baseline: str | None = None,
    *,
    covariates: Sequence[str] = (),
    factors: Sequence[str] = (),
    visits: Sequence[Hashable] | None = None,
    arms: Sequence[Hashable] | None = None,
    reference: Hashable | None = None,
    contrasts: Sequence[tuple[Hashable, Hashable]] | None = None,
    last_visit: str | None = None,
    strategies: Sequence[Strategy] = ("MAR", "J2R"),
    approaches: Sequence[Approach] = ("posterior", "conditional_mean"),
    structures: Sequence[str] = FALLBACK,
    covariance_by_arm: bool = False,
    baseline_by_arm: bool = False,
    imputations: int = 1000,
    generator: np.random.Generator | int = 1,
    level: float = 0.95,
) -> ImputedTrial:
    """Impute missing values of a trial, at random or by reference to an arm, and compare the arms.

    Parameters
    ----------
    data
        One row a unit and visit. A missing value is a missing response, or a row that there is not; a unit without
        any value has a row without a response.
    response, unit, visit, arm
        Names of columns: the outcome; who was measured; when; the treatment.
    baseline
        Name of a numeric column, constant within units, that has a slope at each visit.
    covariates, factors
        Names of numeric, and of categorical columns, constant within units, with one effect for all visits.
    visits, arms
        The visits in time order, and the arms; by default as in ``mmrm``.
    reference
        Arm to which the strategies refer; by default the first.
    contrasts
        Pairs (arm, reference) that are compared; by default every other arm with the reference.
    last_visit
        Name of a column with the last visit that a unit attended, missing where it attended none: what is missing later
        is after drop-out. By default the last visit with a value.
    strategies
        What values after drop-out are: MAR (as in the own arm), J2R (jump to reference), CIR (copy increments in
        reference), CR (copy reference), LMCF (last mean carried forward). Before drop-out a value is missing at random.
    approaches
        posterior (draws from the posterior of the model, Rubin's rules), bootstrap (fits to bootstrap samples in place
        of these), conditional_mean (no chance, jackknife). They stand beside each other; claims take the first.
    structures
        Covariances of the visits in the imputation model, tried in this order.
    covariance_by_arm, baseline_by_arm
        In the imputation model each arm has a covariance, or slopes of the baseline, of its own. With both and no
        other terms, MAR imputes each arm by itself.
    imputations
        How many draws.
    generator
        Source of chance, or a seed.
    level
        Confidence level.

    Returns
    -------
    ImputedTrial

    Raises
    ------
    ValueError
        As ``mmrm`` does; for a strategy or approach that there is not, a value after the last visit attended, and where
        no approach can be taken: the model cannot be fitted without a unit, or to the bootstrap samples.

    Notes
    -----
    Carpenter, Roger and Kenward 2013, J Biopharm Stat 23:1352; Wolbers and others 2022, Pharm Stat 21:1246. Analysed is
    response ~ arm + baseline + covariates + factors at a visit, by least squares.

    Examples
    --------
    >>> import numpy, pandas
    >>> generator = numpy.random.default_rng(3)
    >>> unit = numpy.repeat(numpy.arange(60), 3)
    >>> data = pandas.DataFrame({"unit": unit, "month": numpy.tile([1, 2, 3], 60)})
    >>> data["arm"] = numpy.where(unit % 2 == 0, "sham", "active")
    >>> data["base"] = generator.normal(60, 5, 60)[unit].round()
    >>> change = generator.normal(0, 3, 60)[unit] + generator.normal(0, 2, 180) - 2 * (unit % 2) * data["month"]
    >>> left = generator.integers(2, 7, 60)[unit]
    >>> data["score"] = (data["base"] + change).round(1).where(data["month"] < left)
    >>> result = impute(data, "score", "unit", "month", "arm", "base", arms=["sham", "active"], imputations=200)
    >>> print(result)
    Imputation of score: 60 units, 44 of 180 values imputed
    Imputation model: covariance us, REML
    Differences at 3
    <BLANKLINE>
    strategy    arm reference        errors  difference     se  ci_low  ci_high         p
         MAR active      sham Rubin's rules      -5.841  1.093  -8.051   -3.631 4.097e-06
         MAR active      sham     jackknife      -5.751  1.135  -7.976   -3.527 4.045e-07
         J2R active      sham Rubin's rules      -3.101  1.234  -5.588  -0.6142    0.0157
         J2R active      sham     jackknife      -3.091 0.8314   -4.72   -1.461 0.0002012
    """
    for name, known, given in (("strategy", STRATEGIES, strategies), ("approach", APPROACHES, approaches)):
        if unknown := [label for label in given if label not in known]:
            raise ValueError(f"{unknown[0]!r} is no {name}; there are {', '.join(known)}")
    by_visit = [baseline] if baseline else []
    columns = columns_of(data, response, unit, visit, arm, [*by_visit, *covariates, *factors])
    visits, arms = order_of(data[visit], visits, is_time=True), order_of(data[arm], arms, is_time=False)
    check_labels(columns, visit, visits, arm, arms)
    if twice := int(data.duplicated([unit, visit]).sum()):
        raise ValueError(f"{twice} rows name a unit and visit that another row names")
    facts = data.drop_duplicates(unit).set_index(unit)
    values = data.pivot(index=unit, columns=visit, values=response).reindex(index=facts.index, columns=visits)
    wide = values.astype("float64").join(facts[[arm, *by_visit, *covariates, *factors]])
    left = _visits_stayed(values, None if last_visit is None else facts[last_visit])
    reference = arms[0] if reference is None else reference
    pairs = [(label, reference) for label in arms if label != reference] if contrasts is None else contrasts
    trial = trial_of(wide, visits, arm, arms, reference, left, by_visit, covariates, factors, baseline_by_arm)
    imputer = Imputer(trial, structures, covariance_by_arm)
    makers = _makers(imputer, _combinations(trial, pairs), imputations, generator, level)
    result = ImputedTrial(imputer, response, tuple(pairs), tuple(strategies), {}, {})
    _make(result, {approach: makers[approach] for approach in approaches})
    return result


def _visits_stayed(values: "pandas.DataFrame", last: "pandas.Series | None") -> np.ndarray:
    """How many visits, the columns of ``values``, each unit stayed: to its ``last`` one, or that of its last value."""
    visits = values.columns.tolist()
    if last is not None:
        return np.array([visits.index(label) + 1 if label in visits else 0 for label in last])
    seen = values.notna().to_numpy()
    return np.where(seen.any(axis=1), len(visits) - seen[:, ::-1].argmax(axis=1), 0)


def _combinations(trial: Trial, pairs: Sequence[tuple[Hashable, Hashable]]) -> np.ndarray:
    """The combinations of the columns of an analysis: adjusted means of the arms, then differences of the pairs."""
    means = np.eye(len(trial.groups), trial.terms().shape[1])
    place = {label: column for column, label in enumerate(trial.groups)}
    return np.array([*means, *(means[place[a]] - means[place[b]] for a, b in pairs)])


def _make(result: ImputedTrial, makers: Mapping[Approach, Callable[[], ConditionalMeans | Draws]]) -> None:
    """Add the comparisons of each approach, or why it cannot be taken. Raises ValueError where none can."""
    for approach, maker in makers.items():
        try:
            result.made[approach] = maker()
        except ValueError as error:
            result.refused[approach] = str(error)
    if not result.made:
        raise ValueError(next(iter(result.refused.values())))


def _makers(
    imputer: Imputer, weights: np.ndarray, imputations: int, generator: np.random.Generator | int, level: float
) -> dict[Approach, Callable[[], ConditionalMeans | Draws]]:
    """What makes the comparisons of each approach; each has a stream of chance of its own."""
    posterior, bootstrap = np.random.default_rng(generator).spawn(2)
    return {
        "conditional_mean": lambda: ConditionalMeans(imputer, weights, level),
        "posterior": lambda: Draws.posterior(imputer, weights, imputations, posterior, level),
        "bootstrap": lambda: Draws.bootstrap(imputer, weights, imputations, bootstrap, level),
    }
