"""Ordered categories: the proportional odds model (McCullagh 1980)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

from omtrace.statistics.linear.design import GroupDesign, Level, Terms, column_scale, without_alike
from omtrace.statistics.linear.likelihood import FAR, Derivatives, maximise, ratio_numbers

if TYPE_CHECKING:
    import pandas


class ProportionalOdds:
    """logit P(category <= j) = threshold j - (groups, covariates and factors), by maximum likelihood.

    A positive coefficient means higher categories. ``categories``: from low to high, as the outcome's column holds
    them; those that no row has are left out. Thresholds are those of the reference group at the covariates' means and
    over the factor levels with their weights. ``alike``: levels of factors whose rows are all in one outermost
    category; they are left out of the fit. Raises ValueError as ``GroupDesign`` does, for fewer than two categories
    with rows, values that are no category, and where no odds ratio is finite.

    Instead of ``statsmodels.miscmodels.ordinal_model.OrderedModel``, whose derivatives are numerical: it stops short of
    the maximum (BFGS, not converged), and its standard errors agree with R's clm to 7 digits only. Columns are
    standardised before the fit, so that the unit of a covariate plays no part.
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms, categories: Sequence[Level]) -> None:
        outcome, group = frame[terms.outcome], frame[terms.group]
        if outside := sorted(set(outcome) - set(categories), key=str):
            raise ValueError(f"{outside[0]}: no category of the outcome")
        self.categories = [category for category in categories if (outcome == category).any()]
        if len(self.categories) < 2:
            what = "all rows are in one category" if self.categories else "no category has rows"
            raise ValueError(f"{what}; an ordinal model needs at least 2")
        code = outcome.map(dict(zip(self.categories, range(len(self.categories)), strict=True))).astype("int64")
        for name in terms.groups or sorted(set(group), key=str):
            if (mine := set(code[group == name])) and len(mine) == 1 and mine <= {0, len(self.categories) - 1}:
                raise ValueError(
                    f"{terms.group} {name}: all in one outermost category, so that no odds ratio is finite"
                )
        self.n, cuts = len(frame), len(self.categories) - 1
        names = {0: _text(self.categories[0]), cuts: _text(self.categories[-1])}
        rest = without_alike(
            frame.assign(**{terms.outcome: code}),
            terms,
            lambda part: names.get(part.iloc[0], "") if part.nunique() < 2 else "",
        )
        frame, terms, self.alike = rest.frame, rest.terms, rest.alike
        code = frame[terms.outcome]
        if code.nunique() <= cuts:
            raise ValueError(SEPARATED)
        self.design = GroupDesign(frame, terms)
        scale = column_scale(self.design.matrix)[1:]
        x, rows = self.design.matrix[:, 1:] / scale, np.arange(len(frame))
        upper, lower = np.zeros((2, len(frame), cuts))
        code_ = code.to_numpy()
        upper[rows[code_ < cuts], code_[code_ < cuts]] = 1
        lower[rows[code_ > 0], code_[code_ > 0] - 1] = 1
        self._upper = np.column_stack([upper, -x * (code_ < cuts)[:, None]])
        self._lower = np.column_stack([lower, -x * (code_ > 0)[:, None]])
        self._last, self._first = code_ == cuts, code_ == 0
        below = np.array([(code_ <= j).mean() for j in range(cuts)])
        try:
            fit = maximise(self._likelihood, np.concatenate([logit(below), np.zeros(x.shape[1])]))
        except ValueError:
            raise ValueError(SEPARATED) from None
        self.fit = fit.rescaled(np.concatenate([np.ones(cuts), scale]))
        if np.abs(self.fit.coefficients[:cuts]).max() > FAR:
            raise ValueError(SEPARATED)

    def _likelihood(self, place: np.ndarray) -> Derivatives:
        u = np.where(self._last, np.inf, self._upper @ place)
        v = np.where(self._first, -np.inf, self._lower @ place)
        # F(u) - F(v) without cancellation: F(u) (1 - F(v)) (1 - exp(v - u))
        with np.errstate(invalid="ignore"):
            gap = np.where(self._last | self._first, 1.0, -np.expm1(v - u))
        p = expit(u) * expit(-v) * gap
        if not (p > 0).all():
            return Derivatives(-np.inf, np.zeros(place.size), -np.eye(place.size))
        fu, fv = expit(u) * expit(-u), expit(v) * expit(-v)
        du, dv = fu / p, -fv / p
        uu, vv, uv = du * (1 - 2 * expit(u)) - du**2, dv * (1 - 2 * expit(v)) - dv**2, -du * dv
        a, b = self._upper, self._lower
        hessian = (a.T * uu) @ a + (b.T * vv) @ b + (a.T * uv) @ b + (b.T * uv) @ a
        return Derivatives(float(np.log(p).sum()), a.T @ du + b.T @ dv, hessian)

    def odds_ratio(self, group: Level, reference: Level, level: float = 0.95) -> dict[str, float]:
        """odds_ratio (of a higher category), se_log, ci_low, ci_high, z, p."""
        row = self.design.difference(group, reference)
        row = np.concatenate([np.zeros(len(self.categories) - 1), row[1:]])
        return ratio_numbers("odds_ratio", self.fit.estimate(row), level)

    def thresholds(self) -> dict[str, dict[str, float]]:
        """threshold and threshold_se between each two neighbouring categories, on the logit scale."""
        pairs = list(zip(self.categories, self.categories[1:], strict=False))
        reference = self.design.mean(self.design.groups[0])[1:]
        thresholds = {}
        for cut, (low, high) in enumerate(pairs):
            threshold = self.fit.estimate(np.concatenate([np.eye(len(pairs))[cut], -reference]))
            numbers = {"threshold": threshold.value, "threshold_se": threshold.se}
            thresholds[f"{_text(low)} | {_text(high)}"] = numbers
        return thresholds


def _text(category: Level) -> str:
    return category if isinstance(category, str) else f"{category:g}"


SEPARATED = "the terms tell the category of some rows with certainty, so that no odds ratio is finite; drop a term"
