"""Yes or no, adjusted: odds ratios from a logistic model, and risks averaged over everybody's covariates."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from omtrace.statistics.linear.design import Design, Terms
from omtrace.statistics.linear.likelihood import FAR, estimate_of, maximise, normal_numbers, ratio_numbers

if TYPE_CHECKING:
    import pandas


class LogisticModel:
    """logit of the probability of 1 = groups, covariates and factors, by maximum likelihood.

    Raises ValueError as ``Design`` does, for outcomes other than 1 and 0, for a group or factor level whose outcomes
    are all alike, and where covariates tell the outcome of rows with certainty: no odds ratio is finite then.
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms) -> None:
        self.design, self.n = Design(frame, terms), len(frame)
        y = self.design.y
        if ((y != 0) & (y != 1)).any():
            raise ValueError("outcomes other than 1 (yes) and 0 (no)")
        for name in (terms.group, *terms.factors):
            for level, part in frame.groupby(name, sort=True, observed=True)[terms.outcome]:
                if part.nunique() < 2:
                    what = "yes" if part.iloc[0] else "no"
                    raise ValueError(f"{name} {level}: all {len(part)} are {what}, so that no odds ratio is finite")
        start = np.zeros(self.design.matrix.shape[1])
        try:
            self.coefficients, self.log_likelihood, self.covariance = maximise(self._likelihood, start)
        except ValueError:
            raise ValueError(SEPARATED) from None
        if np.abs(self.design.matrix @ self.coefficients).max() > FAR:
            raise ValueError(SEPARATED)

    def _likelihood(self, beta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        x, y = self.design.matrix, self.design.y
        eta = x @ beta
        p = expit(eta)
        return float((y * eta - np.logaddexp(0, eta)).sum()), x.T @ (y - p), -(x.T * (p * (1 - p))) @ x

    def odds_ratio(self, group: Any, reference: Any, level: float = 0.95) -> dict[str, float]:
        """odds_ratio, se_log, ci_low, ci_high, z, p: for units with the same covariates."""
        row = self.design.difference(group, reference)
        return ratio_numbers("odds_ratio", *estimate_of(row, self.coefficients, self.covariance), level)

    def risk(self, group: Any, level: float = 0.95) -> dict[str, float]:
        """proportion, se, ci_low, ci_high: of yes if every row belonged to the group (standardisation)."""
        risk, slope = self._risk(group)
        se = math.sqrt(float(slope @ self.covariance @ slope))
        numbers = normal_numbers(risk, se, level)
        return {"proportion": risk, **{name: numbers[name] for name in ("se", "ci_low", "ci_high")}}

    def _risk(self, group: Any) -> tuple[float, np.ndarray]:
        x = self.design.as_if(group)
        p = expit(x @ self.coefficients)
        return float(p.mean()), (p * (1 - p)) @ x / len(p)

    def risk_difference(self, group: Any, reference: Any, level: float = 0.95) -> dict[str, float]:
        """risk_difference, se, ci_low, ci_high, z, p of the standardised risks; delta method, covariates as given."""
        (one, slope_1), (two, slope_2) = self._risk(group), self._risk(reference)
        slope = slope_1 - slope_2
        se = math.sqrt(float(slope @ self.covariance @ slope))
        return {"risk_difference": one - two, **normal_numbers(one - two, se, level)}

    def risk_ratio(self, group: Any, reference: Any, level: float = 0.95) -> dict[str, float]:
        """risk_ratio, se_log, ci_low, ci_high, z, p of the standardised risks; delta method on the log scale."""
        (one, slope_1), (two, slope_2) = self._risk(group), self._risk(reference)
        slope = slope_1 / one - slope_2 / two
        se = math.sqrt(float(slope @ self.covariance @ slope))
        return ratio_numbers("risk_ratio", math.log(one / two), se, level)


SEPARATED = "the terms tell the outcome of some rows with certainty, so that no odds ratio is finite; drop a term"
