"""Counts with an exposure: rates and their ratios from a negative binomial or a Poisson model."""

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import digamma, gammaln, polygamma, xlogy

from omtrace.statistics.basic.samples import sample
from omtrace.statistics.linear.design import Design, Terms, check_columns
from omtrace.statistics.linear.likelihood import estimate_of, maximise, normal_numbers, ratio_numbers

if TYPE_CHECKING:
    import pandas

Distribution = Literal["negative binomial", "poisson"]


class CountModel:
    """log of the expected count = log exposure + groups, covariates and factors.

    Negative binomial (variance mu + dispersion mu^2, NB2) by maximum likelihood of coefficients and dispersion
    together; ``information``: "observed", of both together, or "expected", with the dispersion held, as MASS's glm.nb.
    Poisson: dispersion 0. ``pearson_per_df`` is the Poisson model's: about 1 unless the counts vary more.
    ``fractions``: counts may have them (half days); the likelihood is a quasi-likelihood then.

    Raises ValueError as ``Design`` does, for counts that are not whole, exposures that are not positive, a group or a
    factor level without any event, and for counts that vary no more than Poisson's, which determine no dispersion.
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms, exposure: str = "",
                 distribution: Distribution = "negative binomial", information: str = "observed",
                 fractions: bool = False) -> None:  # fmt: skip
        self.design = design = Design(frame, terms)
        self.y, self.n = design.y, design.n
        if (bad := int(((self.y < 0) | (not fractions) & (self.y != np.floor(self.y))).sum())) > 0:
            raise ValueError(f"{bad} of {self.n} counts are no {'' if fractions else 'whole '}numbers from 0")
        check_columns(frame, [exposure] if exposure else [])
        self.exposure = sample(frame[exposure], "exposure") if exposure else np.ones(self.n)
        if (self.exposure <= 0).any():
            raise ValueError(f"{int((self.exposure <= 0).sum())} of {self.n} exposures are not positive")
        self.group = frame[terms.group].to_numpy()
        self._check_events(frame, terms)
        start = np.zeros(design.matrix.shape[1])
        start[0] = math.log(self.y.sum() / self.exposure.sum())
        beta, value, inverse = maximise(self._poisson, start)
        mu = self._mu(beta)
        self.pearson_per_df = float(((self.y - mu) ** 2 / mu).sum() / (self.n - beta.size))
        self.dispersion, self.dispersion_se = 0.0, math.nan
        if distribution == "negative binomial":
            beta, value, inverse = self._with_dispersion(beta, mu, information)
        self.coefficients, self.covariance, self.log_likelihood = beta, inverse, value

    def _check_events(self, frame: "pandas.DataFrame", terms: Terms) -> None:
        for name in (terms.group, *terms.factors):
            totals = frame.groupby(name, sort=True, observed=True)[terms.outcome].sum()
            if none := [str(level) for level, total in totals.items() if not total > 0]:
                raise ValueError(f"{name} {none[0]}: no event at all, so that no rate ratio with it is finite")

    def _mu(self, beta: np.ndarray) -> np.ndarray:
        return self.exposure * np.exp(np.clip(self.design.matrix @ beta, -700, 700))

    def _poisson(self, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        x, mu = self.design.matrix, self._mu(beta)
        value = float((xlogy(self.y, mu) - mu - gammaln(self.y + 1)).sum())
        return value, x.T @ (self.y - mu), -(x.T * mu) @ x

    def _negative_binomial(self, at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Of the coefficients and log(theta), theta = 1/dispersion."""
        x, y, mu, theta = self.design.matrix, self.y, self._mu(at[:-1]), math.exp(min(at[-1], 300.0))
        total = theta + mu
        value = gammaln(y + theta) - gammaln(theta) - gammaln(y + 1) - theta * np.log1p(mu / theta)
        value += xlogy(y, mu / total)
        slope = digamma(y + theta) - digamma(theta) - np.log1p(mu / theta) + (mu - y) / total
        bend = polygamma(1, y + theta) - polygamma(1, theta) + 1 / theta - 2 / total + (y + theta) / total**2
        gradient = np.append(x.T @ ((y - mu) * theta / total), theta * slope.sum())
        hessian = np.empty((at.size, at.size))
        hessian[:-1, :-1] = -(x.T * (mu * theta * (theta + y) / total**2)) @ x
        hessian[:-1, -1] = hessian[-1, :-1] = x.T @ ((y - mu) * mu * theta / total**2)
        hessian[-1, -1] = theta**2 * bend.sum() + theta * slope.sum()
        return float(value.sum()), gradient, hessian

    def _with_dispersion(self, beta: np.ndarray, mu: np.ndarray, information: str) -> tuple:
        if ((self.y - mu) ** 2 - self.y).sum() <= 0:  # the score of the dispersion at 0 (Dean and Lawless 1989)
            raise ValueError(
                "the counts vary no more than Poisson's: their dispersion is not determined; ask for poisson"
            )
        moment = max(float((((self.y - mu) ** 2 - mu) / mu**2).sum()) / (self.n - beta.size), 0.01)
        at, value, inverse = maximise(self._negative_binomial, np.append(beta, -math.log(moment)))
        self.dispersion = math.exp(-at[-1])
        self.dispersion_se = self.dispersion * math.sqrt(inverse[-1, -1])
        inverse = inverse[:-1, :-1]
        if information == "expected":
            x, mu = self.design.matrix, self._mu(at[:-1])
            inverse = np.linalg.inv((x.T * (mu / (1 + self.dispersion * mu))) @ x)
        return at[:-1], value, inverse

    def rate_ratio(self, group: Any, reference: Any, level: float = 0.95) -> dict[str, float]:
        """rate_ratio, se_log, ci_low, ci_high, z, p."""
        row = self.design.difference(group, reference)
        return ratio_numbers("rate_ratio", *estimate_of(row, self.coefficients, self.covariance), level)

    def rate(self, group: Any, per: float = 1.0, level: float = 0.95) -> dict[str, float]:
        """Events per ``per`` units of exposure at the covariates' means (of logarithms): rate, ci_low, ci_high."""
        log_rate, se = estimate_of(self.design.mean(group), self.coefficients, self.covariance)
        numbers = normal_numbers(log_rate, se, level)
        limits = {name: per * math.exp(numbers[name]) for name in ("ci_low", "ci_high")}
        return {"rate": per * math.exp(log_rate), **limits}

    def events(self, group: Any) -> tuple[float, float]:
        """The number of events of a group, and its exposure."""
        mine = self.group == group
        return float(self.y[mine].sum()), float(self.exposure[mine].sum())
