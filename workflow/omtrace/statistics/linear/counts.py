"""Counts with an exposure: rates and their ratios from a negative binomial or a Poisson model."""

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from statsmodels.discrete.discrete_model import NegativeBinomial, Poisson

from omtrace.statistics.basic.samples import sample
from omtrace.statistics.linear.design import GroupDesign, Level, Terms, check_columns, column_scale, without_alike
from omtrace.statistics.linear.likelihood import Fit, fit_discrete, normal_numbers, ratio_numbers

if TYPE_CHECKING:
    import pandas

Distribution = Literal["negative binomial", "poisson"]
OFFSET = " log exposure"  # a column of the fit: no name of a plan begins so


class CountModel:
    """log of the expected count = log exposure + groups, covariates and factors.

    Parameters
    ----------
    frame : a row a unit
    terms : what its columns are
    exposure : column of how long was counted; none: equally long
    distribution : negative binomial (variance mu + dispersion mu^2, NB2) or poisson (dispersion 0), by
        ``statsmodels.discrete.discrete_model``
    information : of a negative binomial model: observed, of coefficients and dispersion together, or expected, with
        the dispersion held, as MASS's glm.nb
    fractions : counts may have them (half days); the likelihood is a quasi-likelihood then

    Attributes
    ----------
    alike : levels of factors without any event, which say nothing of a rate ratio and are left out of the fit
    pearson_per_df : of the Poisson model, about 1 unless the counts vary more
    dispersion, dispersion_se : 0 and NaN of a Poisson model

    Raises
    ------
    ValueError
        as ``GroupDesign``, for counts that are not whole, exposures that are not positive, a group without any event,
        and for counts that vary no more than Poisson's, which determine no dispersion

    Notes
    -----
    Columns are standardised before the fit, so that the unit of a covariate plays no part.
    """

    def __init__(
        self,
        frame: "pandas.DataFrame",
        terms: Terms,
        exposure: str = "",
        distribution: Distribution = "negative binomial",
        *,
        information: Literal["observed", "expected"] = "observed",
        fractions: bool = False,
    ) -> None:
        check_columns(frame, [terms.outcome, terms.group, *terms.factors, *([exposure] if exposure else [])])
        self.y, self.n = sample(frame[terms.outcome], terms.outcome), len(frame)
        if (bad := int(((self.y < 0) | (not fractions) & (self.y != np.floor(self.y))).sum())) > 0:
            raise ValueError(f"{bad} of {self.n} counts are no {'' if fractions else 'whole '}numbers from 0")
        self.exposure = sample(frame[exposure], "exposure") if exposure else np.ones(self.n)
        if (self.exposure <= 0).any():
            raise ValueError(f"{int((self.exposure <= 0).sum())} of {self.n} exposures are not positive")
        self.group = frame[terms.group].to_numpy()
        for name, total in frame.groupby(terms.group, sort=True, observed=True)[terms.outcome].sum().items():
            if not total > 0:
                raise ValueError(f"{terms.group} {name}: no event at all, so that no rate ratio with it is finite")
        offset = np.log(self.exposure)
        rest = without_alike(frame.assign(**{OFFSET: offset}), terms, lambda part: "" if part.sum() > 0 else "0")
        frame, terms, self.alike = rest.frame, rest.terms, rest.alike
        self.design = design = GroupDesign(frame, terms)
        y, offset, scale = design.y, frame[OFFSET].to_numpy(), column_scale(design.matrix)
        x, exposed = design.matrix / scale, np.exp(offset)
        start = np.zeros(x.shape[1])
        start[0] = math.log(y.sum() / exposed.sum())
        poisson = fit_discrete(Poisson(y, x, offset=offset), start)
        mu = exposed * np.exp(x @ poisson.coefficients)
        self.pearson_per_df = float(((y - mu) ** 2 / mu).sum() / (y.size - x.shape[1]))
        self.dispersion, self.dispersion_se, self.fit = 0.0, math.nan, poisson.rescaled(scale)
        if distribution == "negative binomial":
            both = _with_dispersion(y, x, offset, poisson.coefficients, mu)
            self.dispersion, self.dispersion_se = float(both.coefficients[-1]), math.sqrt(both.covariance[-1, -1])
            covariance = both.covariance[:-1, :-1]
            if information == "expected":
                mu = exposed * np.exp(x @ both.coefficients[:-1])
                covariance = np.linalg.inv((x.T * (mu / (1 + self.dispersion * mu))) @ x)
            self.fit = Fit(both.coefficients[:-1], covariance, both.log_likelihood).rescaled(scale)

    def rate_ratio(self, group: Level, reference: Level, level: float = 0.95) -> dict[str, float]:
        """rate_ratio, se_log, ci_low, ci_high, z, p."""
        row = self.design.difference(group, reference)
        return ratio_numbers("rate_ratio", self.fit.estimate(row), level)

    def rate(self, group: Level, per: float = 1.0, level: float = 0.95) -> dict[str, float]:
        """Events per ``per`` units of exposure at the covariates' means (of logarithms): rate, ci_low, ci_high."""
        log_rate = self.fit.estimate(self.design.mean(group))
        numbers = normal_numbers(log_rate.value, log_rate.se, level)
        limits = {name: per * math.exp(numbers[name]) for name in ("ci_low", "ci_high")}
        return {"rate": per * math.exp(log_rate.value), **limits}

    def events(self, group: Level) -> float:
        """The number of events of a group."""
        return float(self.y[self.group == group].sum())

    def exposed(self, group: Level) -> float:
        """The exposure of a group."""
        return float(self.exposure[self.group == group].sum())


def _with_dispersion(y: np.ndarray, x: np.ndarray, offset: np.ndarray, beta: np.ndarray, mu: np.ndarray) -> Fit:
    """The negative binomial fit, the dispersion last: by BFGS from the Poisson model's, then by Newton's method."""
    if ((y - mu) ** 2 - y).sum() <= 0:  # the score of the dispersion at 0 (Dean and Lawless 1989)
        raise ValueError("the counts vary no more than Poisson's: their dispersion is not determined; ask for poisson")
    moment = max(float((((y - mu) ** 2 - mu) / mu**2).sum()) / (y.size - beta.size), 0.01)
    model = NegativeBinomial(y, x, offset=offset)
    near = fit_discrete(model, np.append(beta, moment), "bfgs")
    return fit_discrete(model, near.coefficients)
