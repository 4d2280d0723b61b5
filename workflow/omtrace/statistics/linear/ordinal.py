"""Ordered categories: the proportional odds model (McCullagh 1980)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from omtrace.statistics.linear.design import Design, Terms
from omtrace.statistics.linear.likelihood import FAR, estimate_of, maximise, ratio_numbers

if TYPE_CHECKING:
    import pandas


class ProportionalOdds:
    """logit P(category <= j) = threshold j - (groups, covariates and factors), by maximum likelihood.

    A positive coefficient means higher categories. ``categories``: from low to high, as the outcome's column holds
    them; those that no row has are left out. Thresholds are those of the reference group at the covariates' means and
    over the factor levels with their weights. Raises ValueError as ``Design`` does, for fewer than two categories with
    rows, values that are no category, and where no odds ratio is finite.
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms, categories: Sequence[Any]) -> None:
        outcome, group = frame[terms.outcome], frame[terms.group]
        if outside := sorted(set(outcome) - set(categories), key=str):
            raise ValueError(f"{outside[0]}: no category of the outcome")
        self.categories = [category for category in categories if (outcome == category).any()]
        if len(self.categories) < 2:
            raise ValueError(f"{len(self.categories)} category with rows; an ordinal model needs at least 2")
        code = outcome.map(dict(zip(self.categories, range(len(self.categories)), strict=True))).astype("int64")
        for name in terms.groups or sorted(set(group), key=str):
            if (mine := set(code[group == name])) and len(mine) == 1 and mine <= {0, len(self.categories) - 1}:
                raise ValueError(
                    f"{terms.group} {name}: all in one outermost category, so that no odds ratio is finite"
                )
        self.design = Design(frame.assign(**{terms.outcome: code}), terms)
        self.n, cuts = len(frame), len(self.categories) - 1
        x, rows = self.design.matrix[:, 1:], np.arange(self.n)
        upper, lower = np.zeros((2, self.n, cuts))
        code_ = code.to_numpy()
        upper[rows[code_ < cuts], code_[code_ < cuts]] = 1
        lower[rows[code_ > 0], code_[code_ > 0] - 1] = 1
        self._upper = np.column_stack([upper, -x * (code_ < cuts)[:, None]])
        self._lower = np.column_stack([lower, -x * (code_ > 0)[:, None]])
        self._last, self._first = code_ == cuts, code_ == 0
        below = np.array([(code_ <= j).mean() for j in range(cuts)])
        try:
            found = maximise(self._likelihood, np.concatenate([logit(below), np.zeros(x.shape[1])]))
        except ValueError:
            raise ValueError(SEPARATED) from None
        self.coefficients, self.log_likelihood, self.covariance = found
        if np.abs(self.coefficients[:cuts]).max() > FAR:
            raise ValueError(SEPARATED)

    def _likelihood(self, at: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        u = np.where(self._last, np.inf, self._upper @ at)
        v = np.where(self._first, -np.inf, self._lower @ at)
        # F(u) - F(v) without cancellation: F(u) (1 - F(v)) (1 - exp(v - u))
        with np.errstate(invalid="ignore"):
            gap = np.where(self._last | self._first, 1.0, -np.expm1(v - u))
        p = expit(u) * expit(-v) * gap
        if not (p > 0).all():
            return -np.inf, np.zeros(at.size), -np.eye(at.size)
        fu, fv = expit(u) * expit(-u), expit(v) * expit(-v)
        du, dv = fu / p, -fv / p
        uu, vv, uv = du * (1 - 2 * expit(u)) - du**2, dv * (1 - 2 * expit(v)) - dv**2, -du * dv
        a, b = self._upper, self._lower
        hessian = (a.T * uu) @ a + (b.T * vv) @ b + (a.T * uv) @ b + (b.T * uv) @ a
        return float(np.log(p).sum()), a.T @ du + b.T @ dv, hessian

    def odds_ratio(self, group: Any, reference: Any, level: float = 0.95) -> dict[str, float]:
        """odds_ratio (of a higher category), se_log, ci_low, ci_high, z, p."""
        row = self.design.difference(group, reference)
        row = np.concatenate([np.zeros(len(self.categories) - 1), row[1:]])
        return ratio_numbers("odds_ratio", *estimate_of(row, self.coefficients, self.covariance), level)

    def thresholds(self) -> dict[str, dict[str, float]]:
        """threshold and threshold_se between each two neighbouring categories, on the logit scale."""
        pairs = list(zip(self.categories, self.categories[1:], strict=False))
        rows = np.eye(len(self.coefficients))[: len(pairs)]
        found = [estimate_of(row, self.coefficients, self.covariance) for row in rows]
        return {
            f"{low:g} | {high:g}" if not isinstance(low, str) else f"{low} | {high}": {
                "threshold": estimate, "threshold_se": se,
            } for (low, high), (estimate, se) in zip(pairs, found, strict=True)
        }  # fmt: skip


SEPARATED = "the terms tell the category of some rows with certainty, so that no odds ratio is finite; drop a term"
