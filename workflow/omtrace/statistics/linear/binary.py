"""Yes or no, adjusted: odds ratios from a logistic model, and risks averaged over everybody's covariates."""

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, expit
from statsmodels.discrete.discrete_model import Logit

from omtrace.statistics.basic.samples import check_level
from omtrace.statistics.interval import Interval
from omtrace.statistics.linear.design import Alike, GroupDesign, Level, Terms, column_scale, without_alike
from omtrace.statistics.linear.likelihood import (
    FAR,
    HALVINGS,
    STEPS,
    Combination,
    Derivatives,
    Fit,
    fit_discrete,
    normal_numbers,
    ratio_numbers,
)

if TYPE_CHECKING:
    import pandas

SEPARATED = (
    "the terms tell the outcome of some rows with certainty, so that no odds ratio is finite; drop a term, or take "
    "Firth's penalised likelihood"
)
WIDEST = 2.0**7  # standard errors, up to which a limit of the penalised likelihood is looked for


class LogisticModel:
    """logit of the probability of 1 = groups, covariates and factors.

    Parameters
    ----------
    frame : a row a unit
    terms : what its columns are
    firth : Firth's penalised likelihood (1993, doi:10.1093/biomet/80.1.27), which has a maximum whatever the outcomes;
        else maximum likelihood by ``statsmodels.discrete.discrete_model.Logit``

    Attributes
    ----------
    n : rows
    alike : levels of factors whose outcomes are all alike. Their own coefficients have no maximum; those of the other
        terms are, at its limit, those of the model of the other rows, which is fitted. Their risks are 0 or 1.

    Raises
    ------
    ValueError
        as ``GroupDesign``, and for outcomes other than 1 and 0; without ``firth``, also for a group whose outcomes are
        all alike, and where covariates tell the outcome of rows with certainty: no odds ratio is finite then

    Notes
    -----
    Columns are standardised before the fit, so that the unit of a covariate plays no part. statsmodels has no penalised
    likelihood of Firth's; its limits and p are those of the profile, as in R's logistf.
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms, firth: bool = False) -> None:
        outcome, self.n = frame[terms.outcome], len(frame)
        if not outcome.isin([0, 1]).all() and not outcome.isna().any():
            raise ValueError("outcomes other than 1 (yes) and 0 (no)")
        self.firth, self._certain = firth, 0.0
        self.alike: list[Alike] = []
        if not firth:
            for group, part in frame.groupby(terms.group, sort=True, observed=True)[terms.outcome]:
                if part.nunique() < 2:
                    what = _all(part)
                    raise ValueError(
                        f"{terms.group} {group}: all {len(part)} are {what}, so that no odds ratio is finite"
                    )
            rest = without_alike(frame, terms, lambda part: _all(part) if part.nunique() < 2 else "")
            kept, terms, self.alike = rest.frame, rest.terms, rest.alike
            self._certain = float(frame[terms.outcome].sum() - kept[terms.outcome].sum())
            frame = kept
        self.design = GroupDesign(frame, terms)
        x, scale = self.design.matrix, column_scale(self.design.matrix)
        self._x, self._scale = x / scale, scale
        if firth:
            self._penalised = _firth(self._x, self.design.y)
            self.fit = self._penalised.rescaled(scale)
            return
        try:
            self.fit = fit_discrete(Logit(self.design.y, self._x)).rescaled(scale)
        except ValueError:
            raise ValueError(SEPARATED) from None
        if np.abs(x @ self.fit.coefficients).max() > FAR:
            raise ValueError(SEPARATED)

    def odds_ratio(self, group: Level, reference: Level, level: float = 0.95) -> dict[str, float]:
        """odds_ratio, se_log, ci_low, ci_high, z, p: for units with the same covariates."""
        row = self.design.difference(group, reference)
        log_ratio = self.fit.estimate(row)
        numbers = ratio_numbers("odds_ratio", log_ratio, level)
        if not self.firth:
            return numbers
        low, high = self._profile_limits(row / self._scale, log_ratio, level)
        p = float(chdtrc(1, max(0.0, self._drop(row / self._scale, 0.0))))
        return numbers | {"ci_low": math.exp(low), "ci_high": math.exp(high), "p": p}

    def risk(self, group: Level, level: float = 0.95) -> dict[str, float]:
        """proportion, se, ci_low, ci_high: of yes if every row belonged to the group (standardisation)."""
        risk = self._risk(group)
        numbers = normal_numbers(risk, self._se(self._slope(group)), level)
        return {"proportion": risk, **{name: numbers[name] for name in ("se", "ci_low", "ci_high")}}

    def risk_difference(self, group: Level, reference: Level, level: float = 0.95) -> dict[str, float]:
        """risk_difference, se, ci_low, ci_high, z, p of the standardised risks; delta method, covariates as given."""
        difference = self._risk(group) - self._risk(reference)
        se = self._se(self._slope(group) - self._slope(reference))
        return {"risk_difference": difference, **normal_numbers(difference, se, level)}

    def risk_ratio(self, group: Level, reference: Level, level: float = 0.95) -> dict[str, float]:
        """risk_ratio, se_log, ci_low, ci_high, z, p of the standardised risks; delta method on the log scale."""
        risk_1, risk_2 = self._risk(group), self._risk(reference)
        se = self._se(self._slope(group) / risk_1 - self._slope(reference) / risk_2)
        return ratio_numbers("risk_ratio", Combination(math.log(risk_1 / risk_2), se), level)

    def _risk(self, group: Level) -> float:
        p = expit(self.design.as_if(group) @ self.fit.coefficients)
        return (float(p.sum()) + self._certain) / self.n

    def _slope(self, group: Level) -> np.ndarray:
        """The derivative of the risk in the coefficients."""
        x = self.design.as_if(group)
        p = expit(x @ self.fit.coefficients)
        return (p * (1 - p)) @ x / self.n

    def _se(self, slope: np.ndarray) -> float:
        return math.sqrt(float(slope @ self.fit.covariance @ slope))

    def _drop(self, row: np.ndarray, value: float) -> float:
        """Twice the fall of the penalised likelihood where a combination is held."""
        return 2 * (self._penalised.log_likelihood - _firth(self._x, self.design.y, row, value).log_likelihood)

    def _profile_limits(self, row: np.ndarray, estimate: Combination, level: float) -> Interval:
        """Limits of a combination by its profile penalised likelihood (Heinze and Schemper 2002)."""
        reach, limits = float(chdtri(1, 1 - check_level(level))), []
        for side in (-1, 1):
            width = 1.0
            while self._drop(row, estimate.value + side * width * estimate.se) < reach:
                width *= 2
                if width > WIDEST:
                    break
            far = estimate.value + side * width * estimate.se
            limits.append(
                brentq(lambda v: self._drop(row, v) - reach, estimate.value, far)
                if width <= WIDEST
                else side * math.inf
            )
        return Interval(*limits)


def _all(outcomes: "pandas.Series") -> str:
    return "yes" if outcomes.iloc[0] else "no"


def _firth(x: np.ndarray, y: np.ndarray, row: np.ndarray | None = None, value: float = 0.0) -> Fit:
    """Maximum of log-likelihood + half the log determinant of the information, where row @ coefficients is held.

    Newton's method with the information in place of the Hessian, and halved steps. Raises ValueError where it does not
    converge.
    """
    p = x.shape[1]
    if row is None:
        free, place = np.eye(p), np.zeros(p)
    else:
        free = np.linalg.svd(row[None, :])[2][1:].T  # directions in which the combination does not change
        place = value * row / float(row @ row)
    here = _penalised(x, y, place)
    for _ in range(STEPS):
        step = free @ np.linalg.solve(free.T @ -here.hessian @ free, free.T @ here.gradient)
        if float(here.gradient @ step) < 1e-18 * max(1.0, abs(here.value)):
            return Fit(place, np.linalg.inv(-here.hessian), here.value)
        for halving in range(HALVINGS):
            trial = _penalised(x, y, place + step / 2**halving)
            if trial.value >= here.value - 1e-13 * max(1.0, abs(here.value)):
                break
        else:
            return Fit(place, np.linalg.inv(-here.hessian), here.value)
        place, here = place + step / 2**halving, trial
    raise ValueError("the penalised likelihood has no maximum that could be found")


def _penalised(x: np.ndarray, y: np.ndarray, place: np.ndarray) -> Derivatives:
    """Penalised log-likelihood and its gradient at some coefficients; minus the information for its Hessian."""
    eta = x @ place
    p = expit(eta)
    weight = np.sqrt(p * (1 - p))
    information = (x.T * weight**2) @ x
    with np.errstate(divide="ignore"):
        sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0 or not math.isfinite(log_determinant):
        return Derivatives(-math.inf, np.zeros(len(place)), -np.eye(len(place)))
    root = x * weight[:, None]
    leverage = np.einsum("ij,jk,ik->i", root, np.linalg.inv(information), root)
    value = float((y * eta - np.logaddexp(0, eta)).sum()) + log_determinant / 2
    return Derivatives(value, x.T @ (y - p + leverage * (0.5 - p)), -information)
