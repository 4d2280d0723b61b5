"""Standard errors, degrees of freedom and tests of the coefficients of a mixed model for repeated measures.

Kenward and Roger 1997; Satterthwaite's formula as in Giesbrecht and Burns 1985 and, for joint tests, Fai and
Cornelius 1996. Two choices on which programs differ are the caller's to name: the covariance parameters are the
natural ones of ``mmrm_structures``, and their covariance W is twice the inverse of the observed, or of the expected,
second derivatives of -2 log L. Arrays lead with the data sets (b).
"""

import numpy as np

from omtrace.statistics.mixed.mmrm_likelihood import Products
from omtrace.statistics.mixed.mmrm_search import Optimum
from omtrace.statistics.mixed.mmrm_structures import Blocks
from omtrace.statistics.mixed.reml_tests import fai_cornelius, kenward_roger

METHODS = {
    "kenward_roger": "Kenward-Roger",
    "kenward_roger_linear": "Kenward-Roger without the second derivatives of the covariance",
    "satterthwaite": "Satterthwaite",
}
INFORMATION = ("observed", "expected")


class Inference:
    """Linear combinations of the coefficients at an optimum. Works in the products' orthonormal basis and scale."""

    def __init__(self, data: Products, model: Blocks, found: Optimum, method: str, information: str) -> None:
        """Raises ValueError for a method or an information that there is not."""
        if method not in METHODS or information not in INFORMATION:
            raise ValueError(f"degrees of freedom: one of {', '.join(METHODS)}, with observed or expected information")
        self.data, self.found = data, found
        second = getattr(found.derivatives, information)
        refused = found.refusal != ""
        self.spread = 2 * np.linalg.inv(np.where(refused[:, None, None], np.eye(second.shape[1]), second))
        self.phi = found.point.phi
        self.adjusted = self.phi
        if method != "satterthwaite":
            self.adjusted = self.phi + 2 * self.phi @ self._bias(model, method == "kenward_roger") @ self.phi
        self.is_scaled = method != "satterthwaite"

    def _bias(self, model: Blocks, second: bool) -> np.ndarray:
        """The sum over k, l of W_kl (Q_kl - P_k phi P_l - R_kl/4) of Kenward and Roger: (b, p, p)."""
        data, slopes, weight = self.data, self.found.derivatives, self.found.point.weight
        b, g, t, p = data.shape
        k = slopes.slopes.shape[1]
        relative = slopes.relative.reshape(b, k, -1)
        averaged = (self.spread @ relative).reshape(b, k, g, t, t)
        inner = (averaged @ slopes.relative).sum(axis=1) @ weight
        if second and (bent := model.mean_second(self.found.theta, self.spread)) is not None:
            inner = inner - weight @ bent[:, data.block] @ weight / 4
        flat = data.xx.reshape(-1, g * t * t, p * p)
        direct = (inner.reshape(b, 1, -1) @ flat).reshape(b, p, p)
        turned = (self.spread @ slopes.slopes.reshape(b, k, -1)).reshape(b, k, p, p)
        found = direct - (turned @ self.phi[:, None] @ slopes.slopes).sum(axis=1)
        return (found + found.swapaxes(1, 2)) / 2

    def _turned(self, weights: np.ndarray) -> np.ndarray:
        """Weights (c, p) of the coefficients as given, for those of the orthonormal basis."""
        return np.linalg.solve(self.data.triangle.T, weights.T).T

    def coefficients(self) -> np.ndarray:
        """The coefficients (b, p) of the design as given, in units of the values."""
        inner = self.data.offset + self.data.scale[:, None] * self.found.point.beta
        return np.linalg.solve(self.data.triangle, inner.T).T

    def estimates(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Estimate, standard error and degrees of freedom (b, c) of combinations with weights (c, p).

        df = 2 v^2 / g'W g with v the variance before adjustment and g its gradient: for one combination this is
        Satterthwaite's and Kenward and Roger's number alike.
        """
        z = self._turned(weights)
        inner = self.data.offset + self.data.scale[:, None] * self.found.point.beta
        moved = z @ self.phi
        variance = (moved * z).sum(axis=-1)
        gradient = np.einsum("bcp,bkpq,bcq->bck", moved, self.found.derivatives.slopes, moved, optimize=True)
        bend = ((gradient @ self.spread) * gradient).sum(axis=-1)
        adjusted = ((z @ self.adjusted) * z).sum(axis=-1)
        error = self.data.scale[:, None] * np.sqrt(np.where(adjusted > 0, adjusted, np.nan))
        return inner @ z.T, error, 2 * variance**2 / bend

    def joint(self, weights: np.ndarray) -> tuple[float, float]:
        """F and its denominator degrees of freedom of "all combinations (c, p) are 0", for the first data set.

        Raises ValueError for combinations that depend on each other.
        """
        z = self._turned(weights)
        if np.linalg.matrix_rank(z / np.linalg.norm(z, axis=1, keepdims=True)) < len(z):
            raise ValueError("the combinations tested together depend on each other")
        inner = self.data.offset[0] / self.data.scale[0] + self.found.point.beta[0]
        estimate, adjusted = z @ inner, z @ self.adjusted[0] @ z.T
        f = float(estimate @ np.linalg.solve(adjusted, estimate)) / len(z)
        parts = (z, self.phi[0], self.found.derivatives.slopes[0], self.spread[0])
        if not self.is_scaled or len(z) == 1:
            return f, fai_cornelius(*parts)
        scale, df = kenward_roger(*parts)
        return scale * f, df
