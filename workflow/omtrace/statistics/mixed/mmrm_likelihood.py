"""The likelihood of a mixed model for repeated measures, from cross products.

A unit with visits S has y ~ N(X b, V), V the rows and columns S of one covariance of all visits. The likelihood needs
the data only through their sums of products over the units of one pattern of observed visits, so that an evaluation
costs the same for 50 units and for 50,000. At one visit the columns of a design have a low rank m (arms and covariates,
not times the visits), so that the row of X is w L, with scores w (m,) and a matrix L (m, p) of the visit: the products
are those of the scores. Before, the design is made orthonormal, the least-squares fit is subtracted, and the residuals
are put on a scale of 1: nothing cancels, and tolerances have no unit.

Arrays lead with the data sets (b), which share a design; g patterns of t visits, p coefficients, k covariance
parameters. Formulas: Lindstrom and Bates 1988; Jennrich and Schluchter 1986; Kenward and Roger 1997.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from omtrace.statistics.mixed.mmrm_structures import Blocks
from omtrace.statistics.mixed.reml import Derivatives, Point, Scale

BOUNDARY = 1e-10  # smallest over largest eigenvalue of a covariance that is still positive definite
RANK = 1e-12  # smallest over largest singular value of a visit's design that counts


@dataclass(frozen=True)
class Design:
    """The orthonormal design by visit: each row is the product of its ``scores`` (n, m) and ``loadings`` (t, m, p).

    ``triangle`` (p, p) leads back to the design as given. ``places``: where the coefficients are single elements of
    the loadings, their places among the t m; else None.
    """

    scores: np.ndarray
    loadings: np.ndarray
    triangle: np.ndarray
    places: np.ndarray | None

    @classmethod
    def of(cls, design: np.ndarray, visit: np.ndarray, visits: int) -> "Design":
        """The rows of a design (n, p) with independent columns at their visits (n,), counted from 0."""
        basis, triangle = np.linalg.qr(design)
        right = []
        for place in range(visits):
            _, size, rows = np.linalg.svd(basis[visit == place], full_matrices=False)
            right.append(rows[size > RANK * size.max(initial=0.0)])
        ranks = np.array([len(rows) for rows in right])
        m, p = int(ranks.max(initial=0)), design.shape[1]
        loadings, scores = np.zeros((visits, m, p)), np.zeros((len(design), m))
        for place, rows in enumerate(right):
            loadings[place, : len(rows)] = rows
            scores[visit == place, : len(rows)] = basis[visit == place] @ rows.T
        if ranks.sum() != p:
            return cls(scores, loadings, triangle, None)
        # every coefficient belongs to one visit: the loadings are orthogonal, and become the basis
        turn = np.concatenate(right)
        places = np.flatnonzero((np.arange(m) < ranks[:, None]).ravel())
        single = np.zeros((visits * m, p))
        single[places, np.arange(p)] = 1.0
        return cls(scores, single.reshape(visits, m, p), turn @ triangle, places)

    @property
    def matrix(self) -> np.ndarray:
        """The loadings as one matrix (t m, p)."""
        return self.loadings.reshape(-1, self.loadings.shape[2])

    def rows(self, visit: np.ndarray) -> np.ndarray:
        """The orthonormal design (n, p) of the rows at visits (n,)."""
        rows = np.zeros((len(visit), self.loadings.shape[2]))
        for place, loadings in enumerate(self.loadings):
            rows[visit == place] = self.scores[visit == place] @ loadings
        return rows

    def turn(self, blocks: np.ndarray) -> np.ndarray:
        """Matrices (..., t, t, m, m) of the scores as matrices (..., p, p) of the coefficients."""
        *lead, t, _, m, _ = blocks.shape
        flat = blocks.swapaxes(-3, -2).reshape(*lead, t * m, t * m)
        if self.places is None:
            return self.matrix.T @ flat @ self.matrix
        return flat if self.places.size == t * m else flat[..., self.places[:, None], self.places]

    def by_visit(self, beta: np.ndarray) -> np.ndarray:
        """Coefficients (b, p) as those of the scores (b, t, m)."""
        return (beta @ self.matrix.T).reshape(-1, *self.loadings.shape[:2])


@dataclass(frozen=True)
class Products:
    """Sums of products of scores w and residuals y over the units of each pattern, visit by visit.

    Shared by all data sets: ``mask`` (g, t) of observed visits, ``block`` (g,) the group whose covariance holds, the
    ``design``. With b = 1 where all data sets have the same patterns: ``count`` (b, g) of units, ``ww`` (b, t, t, g,
    m, m). A data set each: ``wy`` (b, t, t, g, m) of w at the first and y at the second visit, ``yy`` (b, g, t, t),
    ``values`` (b,) counted, ``offset`` (b, p), ``scale`` (b,) of the residuals.
    """

    mask: np.ndarray
    block: np.ndarray
    design: Design
    count: np.ndarray
    ww: np.ndarray
    wy: np.ndarray
    yy: np.ndarray
    values: np.ndarray
    offset: np.ndarray
    scale: np.ndarray

    @property
    def pairs(self) -> np.ndarray:
        """Which pairs of visits (g, t, t) a pattern has."""
        return self.mask[:, :, None] & self.mask[:, None, :]

    @property
    def back(self) -> Scale:
        """What leads back to the units of values and design."""
        return Scale(self.design.triangle, self.offset, self.scale)

    def by_block(self, products: np.ndarray) -> np.ndarray:
        """Sums (b, q, t, t) over the patterns of each group, of (b, g, t, t)."""
        member = np.arange(self.block.max() + 1)[:, None] == self.block
        return np.einsum("qg,bgij->bqij", member.astype(float), products)

    def together(self) -> np.ndarray:
        """How many units have values at two visits, in each group: (b, q, t, t)."""
        return self.by_block(self.count[:, :, None, None] * self.pairs)

    def take(self, sets: np.ndarray) -> "Products":
        """Some of the data sets."""
        shared = {"mask", "block", "design"} | ({"count", "ww"} if len(self.count) == 1 else set())
        parts = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in shared}
        return replace(self, **{name: part[sets] for name, part in parts.items()})


def products_of(
    values: np.ndarray, design: np.ndarray, unit: np.ndarray, visit: np.ndarray, block: np.ndarray
) -> Products:
    """The cross products of the data sets.

    Parameters
    ----------
    values
        Values (b, n), NaN where a data set has none.
    design
        Design (n, p) with columns that are independent in every data set.
    unit, visit
        What names each row (n,), counted from 0.
    block
        The group of each unit.
    """
    visits = int(visit.max()) + 1
    turned = Design.of(design, visit, visits)
    basis = turned.rows(visit)
    seen = np.isfinite(values)
    counted = seen.sum(axis=1)
    y = np.where(seen, values, 0.0)
    offset = np.linalg.solve((basis.T * seen[:, None]) @ basis, (y @ basis)[..., None])[..., 0]
    residual = np.where(seen, y - offset @ basis.T, 0.0)
    scale = np.sqrt((residual**2).sum(axis=1) / np.maximum(counted - design.shape[1], 1))
    residual /= np.where(scale > 0, scale, 1.0)[:, None]
    b, units = len(values), block.size
    grid_y, grid_seen = np.zeros((b, units, visits)), np.zeros((b, units, visits), dtype=bool)
    grid_y[:, unit, visit], grid_seen[:, unit, visit] = residual, seen
    grid_w = np.zeros((units, visits, turned.scores.shape[1]))
    grid_w[unit, visit] = turned.scores
    same = slice(0, 1 if (seen == seen[0]).all() else None)
    patterns, member = np.unique(grid_seen[same] @ (1 << np.arange(visits)) + (block << visits), return_inverse=True)
    mask = (patterns[:, None] >> np.arange(visits)) & 1 == 1
    count, ww, wy, yy = _summed(grid_w, grid_y, member.reshape(-1, units), mask)
    return Products(mask, patterns >> visits, turned, count, ww, wy, yy, counted, offset, scale)


def _summed(w: np.ndarray, y: np.ndarray, member: np.ndarray, mask: np.ndarray) -> list[np.ndarray]:
    """count, ww, wy, yy of grids w (units, t, m), y (b, units, t); member (1 or b, units) is each unit's pattern."""
    b, _, t = y.shape
    m, g = w.shape[-1], len(mask)
    count, ww = np.zeros((len(member), g)), np.zeros((len(member), t, t, g, m, m))
    wy, yy = np.zeros((b, t, t, g, m)), np.zeros((b, g, t, t))
    for i, of_set in enumerate(member):
        sets = slice(None) if len(member) == 1 else slice(i, i + 1)
        for pattern, seen in enumerate(mask):
            rows = np.flatnonzero(of_set == pattern)
            mine, own = (w[rows] * seen[:, None]).reshape(rows.size, t * m), y[sets, rows]
            count[i, pattern] = rows.size
            ww[i, :, :, pattern] = (mine.T @ mine).reshape(t, m, t, m).transpose(0, 2, 1, 3)
            wy[sets, :, :, pattern] = (mine.T @ own).reshape(-1, t, m, t).swapaxes(2, 3)
            yy[sets, pattern] = own.swapaxes(1, 2) @ own
    return [count, ww, wy, yy]


@dataclass(frozen=True)
class MmrmPoint(Point):
    """The likelihood, and ``weight`` (b, g, t, t), the inverse covariance of a pattern, 0 at visits not observed."""

    weight: np.ndarray


@dataclass(frozen=True)
class _Moments:
    """By pattern, sums over its units of w r' (b, t, t, g, m), r r' (b, g, t, t) and x' phi x (b, g, t, t)."""

    cross: np.ndarray
    residual: np.ndarray
    fitted: np.ndarray


class MmrmLikelihood:
    """-2 log L, restricted or not, of the data sets as a function of the parameters (b, k) of a covariance model."""

    def __init__(self, data: Products, model: Blocks, is_reml: bool) -> None:
        self.data, self.model, self.is_reml = data, model, is_reml

    def take(self, sets: np.ndarray) -> "MmrmLikelihood":
        """The likelihood of some of the data sets."""
        return MmrmLikelihood(self.data.take(sets), self.model, self.is_reml)

    def start(self) -> np.ndarray:
        """Parameters from the moments of all pairs of values, or of the variances alone."""
        data = self.data
        moments = data.by_block(data.yy) / np.maximum(data.together(), 1)
        theta = self.model.start(moments)
        value = self.evaluate(theta).value
        plain = self.model.start(np.where(np.eye(data.mask.shape[1], dtype=bool), np.maximum(moments, 1e-3), 0.0))
        return np.where(np.isfinite(value)[:, None], theta, plain)

    def evaluate(self, theta: np.ndarray) -> MmrmPoint:
        """The likelihood; infinite where the covariance is not positive definite."""
        data, sigma = self.data, self.model.sigma(theta)
        eye = np.eye(sigma.shape[-1])
        sound = np.isfinite(sigma).all(axis=(1, 2, 3))
        sigma = np.where(sound[:, None, None, None], sigma, eye)
        spectrum = np.linalg.eigvalsh(sigma)
        sound &= (spectrum[..., 0] > BOUNDARY * spectrum[..., -1]).all(axis=1)
        sigma = np.where(sound[:, None, None, None], sigma, eye)
        full = np.where(data.pairs, sigma[:, data.block], eye)
        weight = np.where(data.pairs, np.linalg.inv(full), 0.0)
        information = self._gathered(weight[:, None])[:, 0]
        phi = _symmetric(np.linalg.inv(information))
        wy = self._pulled(weight[:, None], data.wy)[:, 0]
        beta = (phi @ wy[..., None])[..., 0]
        value = (data.count * np.linalg.slogdet(full)[1]).sum(axis=1) + (weight * data.yy).sum(axis=(1, 2, 3))
        value -= (beta * wy).sum(axis=1)
        if self.is_reml:
            value += np.linalg.slogdet(information)[1]
        return MmrmPoint(np.where(sound, value, np.inf), phi, beta, weight)

    def differentiate(self, theta: np.ndarray, point: MmrmPoint) -> Derivatives:
        """The derivatives at theta, where ``point`` is the likelihood.

        With r the residual, R = V^-1 r, and P the projection of REML (V^-1 for ML, but for the second derivative of R):
        gradient_k = tr(P V_k) - R'V_k R, expected_kl = tr(P V_k P V_l),
        observed_kl = -expected_kl + 2 R'V_k P V_l R + tr(P V_kl) - R'V_kl R.
        """
        data, model, weight, phi = self.data, self.model, point.weight, point.phi
        first = model.first(theta)
        sandwich = weight[:, None] @ first[:, :, data.block] @ weight[:, None]
        moments = self._moments(point)
        drawn = weight @ moments.residual @ weight
        spare = drawn + weight @ moments.fitted @ weight if self.is_reml else drawn
        counted = data.count[:, :, None, None] * weight
        force = data.by_block(counted - spare)
        gradient = (first * force[:, None]).sum(axis=(2, 3, 4))
        slopes, pull = self._gathered(sandwich), self._pulled(sandwich, moments.cross)
        expected = self._traces(first, weight, counted - 2 * (spare - drawn))
        if self.is_reml:
            b, k, p, _ = slopes.shape
            turned = phi[:, None] @ slopes
            expected += turned.reshape(b, k, -1) @ turned.swapaxes(2, 3).reshape(b, k, -1).swapaxes(1, 2)
        observed = 2 * (self._traces(first, weight, drawn) - pull @ phi @ pull.swapaxes(1, 2)) - expected
        observed += model.curvature(theta, force)
        return Derivatives(gradient, _symmetric(observed), _symmetric(expected), slopes)

    def _traces(self, first: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """tr(V_k left V_l right) summed over patterns, of matrices (b, g, t, t): (b, k, k)."""
        b, _, t, _ = left.shape
        total: np.ndarray = np.zeros(())
        for block in range(first.shape[2]):
            own, derivatives = self.data.block == block, first[:, :, block].reshape(*first.shape[:2], -1)
            pairs = left[:, own].reshape(b, -1, t * t).swapaxes(1, 2) @ right[:, own].reshape(b, -1, t * t)
            turned = pairs.reshape(b, t, t, t, t).transpose(0, 4, 1, 2, 3).reshape(b, t * t, t * t)
            total = total + derivatives @ turned @ derivatives.swapaxes(1, 2)
        return _symmetric(total)

    def bias(
        self, theta: np.ndarray, point: MmrmPoint, slopes: np.ndarray, spread: np.ndarray, has_second: bool
    ) -> np.ndarray:
        """The sum over k, l of spread_kl (Q_kl - P_k phi P_l - R_kl/4) of Kenward and Roger: (b, p, p).

        ``slopes`` (b, k, p, p) are P_k; without ``has_second`` R, of the second derivatives of V, is left out.
        """
        data, model, weight = self.data, self.model, point.weight
        relative = weight[:, None] @ model.first(theta)[:, :, data.block]
        b, k, g, t, _ = relative.shape
        averaged = (spread @ relative.reshape(b, k, -1)).reshape(b, k, g, t, t)
        inner = (averaged @ relative).sum(axis=1) @ weight
        if has_second and (bent := model.mean_second(theta, spread)) is not None:
            inner = inner - weight @ bent[:, data.block] @ weight / 4
        p = slopes.shape[2]
        turned = (spread @ slopes.reshape(b, k, -1)).reshape(b, k, p, p)
        total = self._gathered(inner[:, None])[:, 0] - (turned @ point.phi[:, None] @ slopes).sum(axis=1)
        return _symmetric(total)

    def _gathered(self, weights: np.ndarray) -> np.ndarray:
        """Sums (b, k, p, p) over units of X'W X, with weights W (b, k, g, t, t)."""
        ww = self.data.ww
        flat = _contracted(weights, ww.reshape(*ww.shape[:4], -1))
        return self.data.design.turn(flat.reshape(*flat.shape[:4], *ww.shape[4:]))

    def _pulled(self, weights: np.ndarray, products: np.ndarray) -> np.ndarray:
        """Sums (b, k, p) over units of X'W r, with weights W (b, k, g, t, t) and products w r (b, t, t, g, m)."""
        flat = _contracted(weights, products).sum(axis=3)
        return flat.reshape(*flat.shape[:2], -1) @ self.data.design.matrix

    def _moments(self, point: MmrmPoint) -> _Moments:
        data, loadings = self.data, self.data.design.matrix
        beta = data.design.by_visit(point.beta)
        b, t, m = beta.shape
        cross = data.wy - np.einsum("bijgmn,bjn->bijgm", data.ww, beta)
        residual = data.yy - np.einsum("bjigm,bjm->bgij", data.wy, beta) - np.einsum("bijgm,bim->bgij", cross, beta)
        phi = (loadings @ point.phi @ loadings.T).reshape(b, t, m, t, m)
        return _Moments(cross, residual, np.einsum("bijgmn,bimjn->bgij", data.ww, phi))


def _contracted(weights: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Sums over patterns of weights (b, k, g, t, t) times products (b or 1, t, t, g, m): (b, k, t, t, m)."""
    b, k, g, t, _ = weights.shape
    if len(products) == 1:
        flat = weights.transpose(3, 4, 0, 1, 2).reshape(t, t, b * k, g) @ products[0]
        return flat.reshape(t, t, b, k, -1).transpose(2, 3, 0, 1, 4)
    flat = np.ascontiguousarray(weights.transpose(0, 3, 4, 1, 2)) @ products
    return flat.transpose(0, 3, 1, 2, 4)


def _symmetric(matrices: np.ndarray) -> np.ndarray:
    return (matrices + matrices.swapaxes(-1, -2)) / 2
